import { connect } from "cloudflare:sockets";
import { letGo } from "../let-go.ts";
import { parseFailingHresult } from "../protocol/write-ack.ts";
import { HEADER } from "../protocol/headers.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import type { CommitRequest } from "./commit-request.ts";
import { readBack } from "./read-back.ts";
import { type SilenceWatch, watchForSilence } from "./silence-watch.ts";

const E_INVALIDARG = 0x80070057;
const REPLY_PIECE_BYTES = 1024 * 1024;
const MAXIMUM_REPLY_URL_LENGTH = 2200;
/** How much of an upload lies ready for the origin: one large piece, or several small ones. */
const QUEUE_BYTES = 1024 * 1024;

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

/** A finished upload and its way to the application. */
export interface Delivery {
  readonly request: CommitRequest;
  /** The upload's bytes, from the start at each call. */
  readonly entity: () => Iterable<Uint8Array>;
  /** How many they are, exactly. */
  readonly length: number;
  /** How long the application may neither take a byte nor answer. */
  readonly silenceSeconds: number;
  /**
   * Whether there was an attempt before, which may have arrived: then a destination that exists is read back, since it
   * may hold this very upload, or what came of it before the connection broke.
   */
  readonly isRepetition: boolean;
  /** Where the body of a 2xx goes, piece by piece; false where there is no room for it. Null where nobody wants it. */
  readonly takeReply: ((bytes: Uint8Array) => boolean) | null;
}

/**
 * Hands one finished upload to the origin application and says what became of it. It never throws:
 * every end of the connection is an outcome.
 */
export async function commit(delivery: Delivery): Promise<CommitOutcome> {
  const outcome = await attempt(delivery, delivery.request);
  if (outcome.kind !== "destinationExists" || !delivery.isRepetition) return outcome;
  const { request, entity, silenceSeconds } = delivery;
  switch (await readBack(request.url, request.headers.get("Authorization"), entity(), silenceSeconds)) {
    case "whole":
      return { kind: "accepted", status: 200, copyToDestination: false, staticReplyUrl: null };
    case "beginning":
      // Our own torn file: the condition was there to protect others'.
      return await attempt(delivery, withoutCondition(request));
    case "nothing":
      return await attempt(delivery, request);
    case "other":
      return outcome;
  }
}

function withoutCondition(request: CommitRequest): CommitRequest {
  return { ...request, headers: new Map([...request.headers].filter(([name]) => name !== "If-None-Match")) };
}

/**
 * One request. The body goes out with Content-Length, because legacy applications refuse chunked
 * requests; only a FixedLengthStream makes the runtime send one. Redirects are not followed (ruling 16).
 */
async function attempt(delivery: Delivery, request: CommitRequest): Promise<CommitOutcome> {
  const watch = watchForSilence(delivery.silenceSeconds);
  const length = request.carriesEntity ? delivery.length : 0;
  const body = new FixedLengthStream(length);
  const sending = send(request.carriesEntity ? delivery.entity() : [], body.writable, watch);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: [...request.headers],
      body: body.readable,
      redirect: "manual",
      signal: watch.signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      return refusal(request, response);
    }
    // It cannot have taken what it has not been sent: a 200 before the last byte is no success.
    if ((await sending) < length) {
      const why = watch.signal.aborted ? "timedOut" : "connectionLost";
      return { kind: "silent", why, mayHaveArrived: true };
    }
    const isTaken = await receive(response.body, delivery.takeReply, watch);
    return isTaken ? acceptance(response) : { kind: "replyTooLarge", status: response.status };
  } catch {
    // The runtime's error is the same for a refused and for a broken connection ("Network connection
    // lost."), so all that is certain is that nobody knows.
    if (watch.signal.aborted) return { kind: "silent", why: "timedOut", mayHaveArrived: true };
    const why = (await isListening(request.url)) ? "connectionLost" : "cannotConnect";
    return { kind: "silent", why, mayHaveArrived: true };
  } finally {
    watch.stop();
  }
}

/**
 * Takes the application's answer to its end; what nobody wants is dropped, which ends the connection.
 *
 * @returns false where it is more than there is room for
 */
async function receive(
  body: ReadableStream<Uint8Array> | null,
  take: Delivery["takeReply"],
  watch: SilenceWatch,
): Promise<boolean> {
  if (take === null) await body?.cancel();
  if (body === null || take === null) return true;
  const reader = body.getReader({ mode: "byob" });
  for (let isDone = false; !isDone;) {
    const { value, done } = await reader.readAtLeast(REPLY_PIECE_BYTES, new Uint8Array(REPLY_PIECE_BYTES));
    watch.heard();
    if (value !== undefined && !take(value)) {
      await reader.cancel().catch(() => undefined); // it may have ended by itself
      return false;
    }
    isDone = done;
  }
  return true;
}

/** [MC-BUP] 2.2.13.2; a reply URL of more than 2,200 characters is 400 by 2.2.1.2. */
function acceptance({ status, headers }: Response): CommitOutcome {
  const staticReplyUrl = headers.get(HEADER.staticResponseUrl);
  if (staticReplyUrl !== null && staticReplyUrl.length > MAXIMUM_REPLY_URL_LENGTH) {
    return { kind: "refused", status: 400, hresult: E_INVALIDARG };
  }
  return {
    kind: "accepted",
    status,
    copyToDestination: headers.has(HEADER.copyFileToDestination),
    staticReplyUrl,
  };
}

function refusal(request: CommitRequest, { status, headers }: Response): CommitOutcome {
  // 412 to a request with a condition answers the condition, not the application's own mind.
  if (status === 412 && request.headers.has("If-None-Match")) return { kind: "destinationExists" };
  return EDGE_STATUSES.get(status) ?? { kind: "refused", status, hresult: hresultOf(headers) };
}

/** Writes the entity as fast as it is taken. @returns the bytes that were taken before the end, or before it broke */
async function send(
  entity: Iterable<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  watch: SilenceWatch,
): Promise<number> {
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined); // told by `write` and `close` already
  let sent = 0;
  let queued = 0;
  const put = async (bytes: Uint8Array): Promise<void> => {
    const { byteLength } = bytes;
    queued += byteLength;
    await writer.write(bytes);
    queued -= byteLength;
    sent += byteLength;
    watch.heard();
    letGo(bytes); // left to the garbage collector, 2 GiB leave half a GiB behind
  };
  try {
    for (const bytes of entity) {
      const taken = put(bytes);
      if (queued >= QUEUE_BYTES) await taken;
      else taken.catch(() => undefined); // told by the next that is waited for, or by `close`
    }
    await writer.close();
  } catch {
    // The request has failed or was answered early; its own outcome says which.
    await writer.abort().catch(() => undefined);
  }
  return sent;
}

/** The application's own error code, under either of its names (ruling 14). */
function hresultOf(headers: Headers): number | null {
  return parseFailingHresult(headers.get(HEADER.errorCode) ?? headers.get(HEADER.error));
}

/** Whether anyone takes connections at `url` just now; asked after a failure, to name it. */
async function isListening(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  const socket = connect({ hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) });
  // The socket's other promises fail with it; `opened` says all there is to say.
  socket.closed.catch(() => undefined);
  let timer: number | null = null;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), 2000);
  });
  try {
    return await Promise.race([socket.opened.then(() => true), tooLate]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    await socket.close().catch(() => undefined);
  }
}
