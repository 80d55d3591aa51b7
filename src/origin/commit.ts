import { connect } from "cloudflare:sockets";
import { parseFailingHresult } from "../protocol/write-ack.ts";
import { HEADER } from "../protocol/headers.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import type { CommitRequest } from "./commit-request.ts";
import { readBack } from "./read-back.ts";
import { type SilenceWatch, watchForSilence } from "./silence-watch.ts";

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
 * Hands one finished upload to the origin application and says what became of it. It never throws:
 * every end of the connection is an outcome.
 *
 * @param entity the upload's bytes, from the start at each call
 * @param length how many they are, exactly
 * @param silenceSeconds how long the application may neither take a byte nor answer
 * @param isRepetition whether an earlier attempt may have arrived: then a destination that exists is
 *   read back, since it may hold this very upload, or what came of it before the connection broke
 */
export async function commit(
  request: CommitRequest,
  entity: () => Iterable<Uint8Array>,
  length: number,
  silenceSeconds: number,
  isRepetition: boolean,
): Promise<CommitOutcome> {
  const outcome = await attempt(request, entity(), length, silenceSeconds);
  if (outcome.kind !== "destinationExists" || !isRepetition) return outcome;
  switch (await readBack(request.url, request.headers.get("Authorization"), entity(), silenceSeconds)) {
    case "whole":
      return { kind: "accepted", status: 200 };
    case "beginning":
      // Our own torn file: the condition was there to protect others'.
      return await attempt(withoutCondition(request), entity(), length, silenceSeconds);
    case "nothing":
      return await attempt(request, entity(), length, silenceSeconds);
    case "other":
      return outcome;
  }
}

function withoutCondition({ method, url, headers }: CommitRequest): CommitRequest {
  return { method, url, headers: new Map([...headers].filter(([name]) => name !== "If-None-Match")) };
}

/**
 * One request. The body goes out with Content-Length, because legacy applications refuse chunked requests; only a
 * FixedLengthStream makes the runtime send one. Redirects are not followed (ruling 16).
 */
async function attempt(
  request: CommitRequest,
  entity: Iterable<Uint8Array>,
  length: number,
  silenceSeconds: number,
): Promise<CommitOutcome> {
  const watch = watchForSilence(silenceSeconds);
  const body = new FixedLengthStream(length);
  const sending = send(entity, body.writable, watch);
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
    // It cannot have taken what it has not been sent: a 200 before the last byte is no success. The
    // answer's own body is not for a BITS client, but to drop it earlier would end the connection.
    const sent = await sending;
    await response.body?.cancel();
    if (sent === length) return { kind: "accepted", status: response.status };
    return {
      kind: "silent",
      why: watch.signal.aborted ? "timedOut" : "connectionLost",
      mayHaveArrived: true,
    };
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
  try {
    for (const bytes of entity) {
      await writer.write(bytes);
      sent += bytes.byteLength;
      watch.heard();
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
  const tooLate = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 2000));
  try {
    return await Promise.race([socket.opened.then(() => true), tooLate]);
  } catch {
    return false;
  } finally {
    await socket.close().catch(() => undefined);
  }
}
