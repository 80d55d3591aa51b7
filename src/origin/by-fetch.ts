import { bodyOf } from "../http1/response-body.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import type { Carrier, Errand } from "./carrier.ts";
import { sentFields } from "./commit-request.ts";
import { hearOut } from "./hear-out.ts";
import type { Network } from "../runtime/network.ts";
import { closeSocket, openSocket } from "../runtime/open-socket.ts";
import { acceptance, isSuccess, refusal, silence, tellAnswer } from "./outcome.ts";
import { type Pace, PACES, Sender } from "./sender.ts";
import { type SilenceWatch, watchForSilence } from "../runtime/silence-watch.ts";
import { takeBody } from "./take-body.ts";

const LISTENING_SECONDS = 2;
/** A body of more waits as long for a refusal of its head, which the runtime would not hear while it sends. */
const THINKING_FROM_BYTES = 64 * 1024;
const THINKING_MS = 100;
const THINKING_MS_FOR_LARGE = 250;
const LARGE_BYTES = 1024 * 1024;

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
 * requests; only a FixedLengthStream makes the runtime send one. Redirects are not followed (ruling 16, statuses of the
 * application).
 */
export const byFetch: Carrier = async (errand, pace) => {
  const watch = watchForSilence(errand.silenceSeconds);
  const over = new AbortController();
  watch.signal.addEventListener("abort", () => over.abort());
  const body = new FixedLengthStream(errand.length);
  const sender = new Sender(body.writable, { watch, signal: over.signal });
  try {
    const answering = ask(errand, body.readable, watch.signal);
    const sending = send(sender, errand, pace ?? PACES.wanted, answering);
    const response = await Promise.race([answering, sender.torn]);
    watch.answered();
    return { outcome: await hear(errand, response, sending, sender, watch), brokeAt: null };
  } catch {
    if (watch.signal.aborted) return { outcome: silence("timedOut", watch), brokeAt: null };
    // The runtime's error is the same for a refused and for a broken connection ("Network connection
    // lost."), so all that is certain is that nobody knows.
    const isLost = errand.network.isPrivate || (await isListening(errand.request.url, errand.network));
    const outcome = silence(isLost ? "connectionLost" : "cannotConnect", watch);
    return { outcome, brokeAt: isLost && sender.sent < errand.length ? sender.sent : null };
  } finally {
    watch.stop();
    over.abort(); // what is not sent by now is not wanted
  }
};

async function ask(
  { request, network }: Errand,
  body: ReadableStream,
  signal: AbortSignal,
): Promise<Response> {
  const { method, url } = request;
  const headers = [...sentFields(request)];
  return await network.fetch(url, { method, headers, body, redirect: "manual", signal });
}

async function send(sender: Sender, errand: Errand, pace: Pace, answering: Promise<Response>): Promise<void> {
  if (errand.length > THINKING_FROM_BYTES) {
    const thinkingMs = errand.length > LARGE_BYTES ? THINKING_MS_FOR_LARGE : THINKING_MS;
    await Promise.race([answering.catch(() => undefined), scheduler.wait(thinkingMs)]);
    sender.pace = pace;
  }
  await sender.send(errand.entity());
  await sender.close();
}

async function hear(
  { request, length, takeReply, silenceSeconds }: Errand,
  response: Response,
  sending: Promise<void>,
  sender: Sender,
  watch: SilenceWatch,
): Promise<CommitOutcome> {
  if (!isSuccess(response)) {
    await response.body?.cancel();
    const instead = EDGE_STATUSES.get(response.status);
    return instead === undefined ? refusal(request, response) : { ...instead, answer: tellAnswer(response) };
  }
  await sending;
  // It cannot have taken what it has not been sent: a 200 before the last byte is no success.
  if (sender.sent < length) return silence("connectionLost", watch);
  const reader = response.body?.getReader({ mode: "byob" });
  if (reader === undefined) return acceptance(response);
  if (takeReply === null) {
    // The runtime has taken the framing off; the body is what comes until its stream ends.
    const body = bodyOf({ status: response.status, headers: new Headers() });
    void hearOut(new Uint8Array(0), reader, body, silenceSeconds);
    return acceptance(response);
  }
  if (await takeBody(reader, takeReply, watch)) return acceptance(response);
  await reader.cancel().catch(() => undefined); // it may have ended by itself
  return { kind: "replyTooLarge", status: response.status, answer: tellAnswer(response) };
}

/** Whether anyone takes connections at `url` just now; asked after a failure, to name it. */
async function isListening(url: string, network: Network): Promise<boolean> {
  const socket = await openSocket(url, network, LISTENING_SECONDS);
  if (socket !== null) closeSocket(socket);
  return socket !== null;
}
