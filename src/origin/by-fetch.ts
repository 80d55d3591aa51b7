import type { CommitOutcome } from "../protocol/reflect.ts";
import type { Carrier, Delivery } from "./carrier.ts";
import { hearOut } from "./hear-out.ts";
import { closeSocket, openSocket } from "./open-socket.ts";
import { acceptance, isSuccess, refusal, silence } from "./outcome.ts";
import { send } from "./send.ts";
import { type SilenceWatch, watchForSilence } from "./silence-watch.ts";

const REPLY_PIECE_BYTES = 1024 * 1024;
const LISTENING_SECONDS = 2;

/**
 * Cloudflare's network answers in place of an origin that it could not talk to, with statuses that no
 * application uses (Cloudflare: "Cloudflare 5xx errors"). Some of them say that no request arrived.
 */
// prettier-ignore
const EDGE_STATUSES = new Map<number, CommitOutcome>([
  [520, { kind: "silent", why: "connectionLost", mayHaveArrived: true }],  // empty or garbled answer, reset
  [521, { kind: "silent", why: "cannotConnect",  mayHaveArrived: false }], // refused
  [522, { kind: "silent", why: "timedOut",       mayHaveArrived: true }],  // no handshake, or no acknowledgement
  [523, { kind: "silent", why: "cannotConnect",  mayHaveArrived: false }], // no route
  [524, { kind: "silent", why: "timedOut",       mayHaveArrived: true }],  // connected, no answer
  [525, { kind: "silent", why: "cannotConnect",  mayHaveArrived: false }], // no TLS handshake
  [526, { kind: "silent", why: "cannotConnect",  mayHaveArrived: false }], // bad certificate
  [530, { kind: "silent", why: "cannotConnect",  mayHaveArrived: false }], // no such host
]);

/**
 * With the runtime's own HTTP client. The body goes out with Content-Length, because legacy applications refuse chunked
 * requests; only a FixedLengthStream makes the runtime send one. Redirects are not followed (ruling 16).
 */
export const byFetch: Carrier = async ({ request, entity, length, silenceSeconds, takeReply }) => {
  const watch = watchForSilence(silenceSeconds);
  const over = new AbortController();
  watch.signal.addEventListener("abort", () => over.abort());
  const body = new FixedLengthStream(length);
  const sending = send(entity(), body.writable, watch, over.signal);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: [...request.headers],
      body: body.readable,
      redirect: "manual",
      signal: watch.signal,
    });
    if (!isSuccess(response)) {
      await response.body?.cancel();
      return EDGE_STATUSES.get(response.status) ?? refusal(request, response);
    }
    // It cannot have taken what it has not been sent: a 200 before the last byte is no success.
    if ((await sending) < length) return silence("connectionLost", watch);
    const reader = response.body?.getReader({ mode: "byob" });
    if (reader === undefined) return acceptance(response);
    if (takeReply !== null) {
      const isTaken = await receive(reader, takeReply, watch);
      return isTaken ? acceptance(response) : { kind: "replyTooLarge", status: response.status };
    }
    void hearOut(reader, silenceSeconds);
    return acceptance(response);
  } catch {
    // The runtime's error is the same for a refused and for a broken connection ("Network connection
    // lost."), so all that is certain is that nobody knows.
    const isLost = watch.signal.aborted || (await isListening(request.url));
    return silence(isLost ? "connectionLost" : "cannotConnect", watch);
  } finally {
    watch.stop();
    over.abort(); // what is not sent by now is not wanted
  }
};

/**
 * Takes the application's answer to its end.
 *
 * @returns false where it is more than there is room for
 */
async function receive(
  reader: ReadableStreamBYOBReader,
  take: NonNullable<Delivery["takeReply"]>,
  watch: SilenceWatch,
): Promise<boolean> {
  for (;;) {
    const { value, done } = await reader.readAtLeast(REPLY_PIECE_BYTES, new Uint8Array(REPLY_PIECE_BYTES));
    watch.heard();
    if (value !== undefined && !take(value)) {
      await reader.cancel().catch(() => undefined); // it may have ended by itself
      return false;
    }
    if (done) return true;
  }
}

/** Whether anyone takes connections at `url` just now; asked after a failure, to name it. */
async function isListening(url: string): Promise<boolean> {
  const socket = await openSocket(url, LISTENING_SECONDS);
  if (socket !== null) closeSocket(socket);
  return socket !== null;
}
