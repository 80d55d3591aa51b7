import { copy, UNWATCHED } from "./copy.ts";
import { formatRequestHead } from "../http1/request-writer.ts";
import { bodyOf } from "../http1/response-body.ts";
import { AnswerReader, type ReadAnswer } from "../http1/response-reader.ts";
import type { Network } from "../runtime/network.ts";
import { closeSocket, openSocket } from "../runtime/open-socket.ts";
import { receiveHead } from "../runtime/receive-head.ts";

const CONNECT_SECONDS = 10;
const READ_BYTES = 64 * 1024;
/** If the whole answer came before the end of the request, the origin may still read what is on its way. */
const SENT_WITHIN_MS = 1000;

/** What is asked of the origin. */
export interface SocketRequest {
  readonly method: string;
  readonly headers: Headers;
  /** Exactly `length` bytes; null where there are none. */
  readonly content: ReadableStream<Uint8Array> | null;
  readonly length: number;
  /** Breaks the connection. */
  readonly signal: AbortSignal;
}

/**
 * `fetch` for a verb that the runtime has no name for: HTTP/1.1 over a connection of its own, which is left afterwards.
 *
 * @returns the answer; its body breaks where the origin breaks off
 * @throws TypeError where nobody takes the connection, or no answer comes
 */
export async function fetchBySocket(
  network: Network,
  url: string,
  { method, headers, content, length, signal }: SocketRequest,
): Promise<Response> {
  const socket = await openSocket(url, network, CONNECT_SECONDS);
  if (socket === null) throw new TypeError("nobody takes the connection");
  const head = new TextEncoder().encode(
    formatRequestHead({ method, url, headers: new Map(headers) }, length),
  );
  const message = new FixedLengthStream(head.byteLength + length);
  const over = new AbortController();
  // By the runtime's pipe, because it can be called off (`Exchange` of src/origin/by-socket.ts says why).
  const sent = message.readable
    .pipeTo(socket.writable, { signal: over.signal, preventAbort: true, preventClose: true })
    .catch(() => undefined); // it is called off, or the answer says what is wrong
  const leave = async (): Promise<void> => {
    over.abort();
    await sent;
    closeSocket(socket);
  };
  signal.addEventListener("abort", () => void leave());
  try {
    signal.throwIfAborted();
    void write(message.writable, head, content);
    const reader = socket.readable.getReader({ mode: "byob" });
    const answer = await receiveHead(reader, new AnswerReader(), () => undefined);
    const end = async (): Promise<void> => {
      await Promise.race([sent, scheduler.wait(SENT_WITHIN_MS)]);
      await leave();
    };
    return toResponse(answer, reader, end);
  } catch (error) {
    await leave();
    throw error;
  }
}

/** Where the client breaks off, `content` has no end, and neither has the message: its signal breaks the connection. */
async function write(
  writable: WritableStream<Uint8Array>,
  head: Uint8Array,
  content: ReadableStream<Uint8Array> | null,
): Promise<void> {
  try {
    const writer = writable.getWriter();
    await writer.write(head);
    writer.releaseLock();
    if (content === null) return await writable.close();
    // The runtime's pipe carries nothing from one of its own pipes to another (seen with workerd 1.20261117.1).
    await copy(content, writable, UNWATCHED);
  } catch {
    // The connection broke, and its reader hears of it.
  }
}

/** @param end called when the last byte of the answer is here, or nobody wants it any more */
function toResponse(
  { head, rest }: ReadAnswer,
  reader: ReadableStreamBYOBReader,
  end: () => Promise<void>,
): Response {
  const body = bodyOf(head);
  const { status, headers } = head;
  if (body.isOver) {
    void end();
    return new Response(null, { status, headers });
  }
  let pieces = body.push(rest);
  const content = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let isOver = body.isOver;
        while (pieces.length === 0 && !isOver) {
          const { value, done } = await reader.read(new Uint8Array(READ_BYTES));
          if (done && !body.endsWithConnection) throw new TypeError("the origin broke off");
          if (!done) pieces = body.push(value);
          isOver = done || body.isOver;
        }
        for (const piece of pieces) controller.enqueue(piece);
        pieces = [];
        if (!isOver) return;
        controller.close();
        void end();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  return new Response(content, { status, headers, encodeBody: "manual" });
}
