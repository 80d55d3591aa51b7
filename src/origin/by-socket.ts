import { connect } from "cloudflare:sockets";
import type { CommitOutcome } from "../protocol/reflect.ts";
import { addressOf } from "./address.ts";
import { AnswerReader } from "./answer-reader.ts";
import type { CommitRequest } from "./commit-request.ts";
import type { Carrier, Delivery } from "./delivery.ts";
import { acceptance, type AnswerHead, isSuccess, refusal, silence } from "./outcome.ts";
import { send } from "./send.ts";
import { type SilenceWatch, watchForSilence } from "./silence-watch.ts";

const ANSWER_READ_BYTES = 4096;

/**
 * With HTTP/1.1 of our own, one request a connection: the runtime's client sends a body 8 KiB at a time, and does not
 * tell a connection that was refused from one that broke. Where none could be opened, the application has certainly not
 * been told. What the answer says is in its head; its body goes with the connection.
 */
export const bySocket: Carrier = async (delivery, request) => {
  const watch = watchForSilence(delivery.silenceSeconds);
  try {
    const socket = await open(request.url, watch.signal);
    if (socket === null) return silence("cannotConnect", watch, false);
    watch.heard();
    return await exchange(socket, delivery, request, watch);
  } catch {
    return silence("connectionLost", watch);
  } finally {
    watch.stop();
  }
};

/** @returns null where nobody takes connections, or none that TLS vouches for */
async function open(url: string, signal: AbortSignal): Promise<Socket | null> {
  const { hostname, port, isSecure } = addressOf(url);
  try {
    // Half-open, so that an origin which has said all it has to say can still be sent what it has not read.
    const options = { secureTransport: isSecure ? "on" : "off", allowHalfOpen: true } as const;
    const socket = connect({ hostname, port }, options);
    const tooLate = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("nobody answers")));
    });
    await Promise.race([socket.opened, tooLate]);
    return socket;
  } catch {
    return null;
  }
}

async function exchange(
  socket: Socket,
  { entity, length }: Delivery,
  request: CommitRequest,
  watch: SilenceWatch,
): Promise<CommitOutcome> {
  const head = new TextEncoder().encode(formatHead(request, length));
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
    await socket.close().catch(() => undefined); // it may have broken already
  };
  watch.signal.addEventListener("abort", () => void leave());
  try {
    const sending = send(inTurn(head, entity()), message.writable, watch, failureOf(piping));
    const answer = await receiveHead(socket.readable);
    watch.heard();
    if (!isSuccess(answer)) return refusal(request, answer);
    // It cannot have taken what it has not been sent: a 2xx counts when the last byte is on its way.
    return (await sending) < messageLength ? silence("connectionLost", watch) : acceptance(answer);
  } finally {
    void leave();
  }
}

function failureOf(promise: Promise<void>): AbortSignal {
  const failure = new AbortController();
  promise.catch(() => failure.abort());
  return failure.signal;
}

/** @throws TypeError where a value would end its line before its time */
function formatHead({ method, url, headers }: CommitRequest, length: number): string {
  const { host, pathname, search } = new URL(url);
  const fields = [["Host", host], ["Content-Length", String(length)], ["Connection", "close"], ...headers];
  for (const [name, value = ""] of fields) {
    if (/[\r\n\0]/.test(value)) throw new TypeError(`the value of ${name} is more than one line`);
  }
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

function* inTurn(head: Uint8Array, entity: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield head;
  yield* entity;
}

async function receiveHead(readable: ReadableStream<Uint8Array>): Promise<AnswerHead> {
  const reader = readable.getReader({ mode: "byob" });
  const answer = new AnswerReader();
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(ANSWER_READ_BYTES));
    const head = value === undefined ? null : answer.push(value);
    if (head !== null) return head;
    if (done) throw new TypeError("the connection ended before the answer");
  }
}
