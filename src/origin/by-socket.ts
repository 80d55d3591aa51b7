import { endOf, type ResponseHead } from "../http1/response-framing.ts";
import { AnswerReader, type ReadAnswer } from "../http1/response-reader.ts";
import type { Carrier, Delivery } from "./carrier.ts";
import { hearOut } from "./hear-out.ts";
import { closeSocket, openSocket } from "./open-socket.ts";
import { acceptance, isSuccess, refusal, silence } from "./outcome.ts";
import { formatRequestHead } from "../http1/request-writer.ts";
import { send } from "./send.ts";
import { type SilenceWatch, watchForSilence } from "./silence-watch.ts";

const ANSWER_READ_BYTES = 4096;
/** A lost SYN is sent again three times within it, after 1, 2 and 4 seconds (RFC 6298 sections 2 and 5.5). */
const CONNECT_SECONDS = 10;

/**
 * With HTTP/1.1 of our own, one request a connection: the runtime's client sends a body 8 KiB at a time, and does not
 * tell a connection that was refused from one that broke. Where none could be opened, the application has certainly not
 * been told. What the answer says is in its head; its body is heard out, and dropped.
 */
export const bySocket: Carrier = async (delivery) => {
  const { request, length, silenceSeconds } = delivery;
  const head = new TextEncoder().encode(formatRequestHead(request, length));
  const socket = await openSocket(request.url, Math.min(CONNECT_SECONDS, silenceSeconds / 2));
  if (socket === null) return { kind: "silent", why: "cannotConnect", mayHaveArrived: false };
  const watch = watchForSilence(silenceSeconds);
  try {
    const answer = await exchange(socket, head, delivery, watch);
    if (answer === null) return silence("connectionLost", watch);
    return isSuccess(answer) ? acceptance(answer) : refusal(request, answer);
  } catch {
    return silence("connectionLost", watch);
  } finally {
    watch.stop();
  }
};

/**
 * Sends the request and takes the answer, and leaves the connection.
 *
 * @returns null for a 2xx without the whole request: the application cannot have taken what it has not been sent
 * @throws where the connection breaks, or brings something else than an answer
 */
async function exchange(
  socket: Socket,
  head: Uint8Array,
  { entity, length, silenceSeconds }: Delivery,
  watch: SilenceWatch,
): Promise<ResponseHead | null> {
  const messageLength = head.byteLength + length;
  const message = new FixedLengthStream(messageLength);
  // By the runtime's pipe, because it can be called off. A write of our own that the origin does not take could not:
  // `close()` waits for it, and after an `abort()` the connection stays open (seen in workerd 1.20261023.1).
  const over = new AbortController();
  const piping = message.readable.pipeTo(socket.writable, {
    signal: over.signal,
    preventAbort: true,
    preventClose: true,
  });
  const leave = async (): Promise<void> => {
    over.abort();
    await piping.catch(() => undefined);
    closeSocket(socket);
  };
  watch.signal.addEventListener("abort", () => void leave());
  const reader = socket.readable.getReader({ mode: "byob" });
  let hearing = Promise.resolve();
  try {
    const sending = send(inTurn(head, entity()), message.writable, watch, failureOf(piping));
    const { head: answer, rest } = await receiveHead(reader);
    watch.heard();
    if (!isSuccess(answer)) return answer;
    if ((await sending) < messageLength) return null;
    await piping; // what the pipe has taken is not on its way yet, and `leave` would drop it
    const isOver = endOf(answer);
    if (!isOver(rest)) hearing = hearOut(reader, silenceSeconds, isOver);
    return answer;
  } finally {
    void hearing.then(leave);
  }
}

function failureOf(promise: Promise<void>): AbortSignal {
  const failure = new AbortController();
  promise.catch(() => failure.abort());
  return failure.signal;
}

function* inTurn(head: Uint8Array, entity: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield head;
  yield* entity;
}

async function receiveHead(reader: ReadableStreamBYOBReader): Promise<ReadAnswer> {
  const answer = new AnswerReader();
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(ANSWER_READ_BYTES));
    const read = value === undefined ? null : answer.push(value);
    if (read !== null) return read;
    if (done) throw new TypeError("the connection ended before the answer");
  }
}
