import { markArrival } from "../arrival.ts";
import type { DoorLimits } from "./door-limits.ts";
import { type BodyCursor, ChunkedCursor, DEFAULT_CHUNKED_LIMITS, LengthCursor } from "./http1-chunked.ts";
import type { BodyFraming } from "./http1-framing.ts";
import { HeadReader, type RequestHead } from "./http1-reader.ts";
import { formatHead } from "./http1-writer.ts";
import { Refusal } from "./refusals.ts";
import { type BodyLost, RequestBody } from "./request-body.ts";
import { sendResponse } from "./send-response.ts";
import { type Wire, WireTimeout } from "./wire.ts";
import { methodOf } from "./wire-methods.ts";

/** The app behind the door, everything but the request already given. */
export type Answerer = (request: Request) => Response | Promise<Response>;

/** One connection: its wire, who is at the other end, and the app its requests go to. */
export interface Connection {
  readonly wire: Wire;
  readonly limits: DoorLimits;
  readonly clientAddress: string | null;
  readonly answer: Answerer;
}

const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");
const HEAD_TIMEOUT = new Refusal(408, "The request's head did not arrive in time.");
const BODY_TIMEOUT = new Refusal(408, "The request's body stopped arriving.");
const APP_FAILED = new Refusal(500, "The app threw, or its response could not be written.");
/** After a refusal the client's bytes are taken this long, so that it reads the answer and not a reset. */
const LINGER_SECONDS = 2;
const LINGER_READS = 256;

/** Serves requests one at a time, in order, until either side wants no more. Rejects only when the wire fails. */
export async function serveConnection(connection: Connection): Promise<void> {
  const { wire, limits } = connection;
  for (let served = 1; served <= limits.requestsPerConnection; served++) {
    const head = await readHead(wire, limits);
    if (head === null) return;
    if (head instanceof Refusal) return refuse(wire, head);
    const goesOn = await serveRequest(connection, head, served === limits.requestsPerConnection);
    if (!goesOn) return;
  }
}

/** The next request's head; null when the client is done or was silent for long enough. */
async function readHead(wire: Wire, limits: DoorLimits): Promise<RequestHead | Refusal | null> {
  const reader = new HeadReader(limits);
  let deadline: number | null = null;
  for (;;) {
    // From its first byte on, a head has one limit as a whole: a byte now and then does not extend it.
    const waitSeconds = deadline === null ? limits.keepAliveTimeoutSeconds : (deadline - Date.now()) / 1_000;
    let bytes: Uint8Array | null;
    try {
      bytes = await wire.read(Math.max(waitSeconds, 0));
    } catch (error) {
      if (!(error instanceof WireTimeout)) throw error;
      return reader.hasBegun ? HEAD_TIMEOUT : null;
    }
    if (bytes === null) return null;
    const read = reader.push(bytes);
    if (read instanceof Refusal) return read;
    if (read !== null) {
      wire.unread(read.rest);
      return read.head;
    }
    deadline ??= Date.now() + limits.headTimeoutSeconds * 1_000;
  }
}

/** One request, from its head to the end of its body; gives whether the connection can take another. */
async function serveRequest(connection: Connection, head: RequestHead, isLast: boolean): Promise<boolean> {
  const { wire, limits } = connection;
  const body = new RequestBody(
    wire,
    cursorOf(head.body, limits),
    limits.bodyIdleTimeoutSeconds,
    head.expectsContinue ? () => wire.write(CONTINUE) : null,
  );
  let response: Response;
  let request: Request;
  try {
    request = toRequest(connection, head, body);
    response = await connection.answer(request);
  } catch (error) {
    return failed(connection, head, body, error);
  }

  // A client that waits for leave to send its body may now never send it, so what follows on the wire would be
  // anyone's guess (RFC 9110 section 10.1.1).
  const closes =
    isLast ||
    !head.keepAlive ||
    asksToClose(response) ||
    body.failure !== null ||
    body.isAwaited ||
    body.bytesAhead > limits.drainBytes;

  // While the answer goes out the body must keep coming in, or a client that writes first and reads then would
  // wait for us as we for it. A body that the app is still reading is left to the app until it has answered.
  const isInUse = request.bodyUsed || request.body?.locked === true || response.body === body.stream;
  const drained = isInUse ? null : body.drain(limits.drainBytes);
  let hasBegun = false;
  const sink = {
    write(bytes: Uint8Array) {
      hasBegun = true;
      return wire.write(bytes);
    },
  };
  try {
    await sendResponse(sink, response, head.method, closes, new Date());
  } catch (error) {
    if (!hasBegun) return failed(connection, head, body, error);
    log(head, error);
    await wire.abort();
    return false;
  }
  if (closes) await wire.endWriting();
  const isAtEnd = await (drained ?? body.drain(limits.drainBytes));
  if (closes) await linger(wire);
  return isAtEnd && !closes;
}

/** The app has no answer: its own fault is a bare 500, a body that the client broke is the client's. */
async function failed(
  connection: Connection,
  head: RequestHead,
  body: RequestBody,
  error: unknown,
): Promise<false> {
  const lost = body.failure;
  if (lost === null) log(head, error);
  await refuse(connection.wire, lost === null ? APP_FAILED : refusalOf(lost), () =>
    body.drain(connection.limits.drainBytes),
  );
  return false;
}

function refusalOf(lost: BodyLost): Refusal {
  return lost.refusal ?? BODY_TIMEOUT;
}

/** Answers without the app, and ends the connection so that the client gets to read why. */
async function refuse(wire: Wire, refusal: Refusal, drain?: () => Promise<unknown>): Promise<void> {
  await wire.write(formatHead(refusal.status, [], { bytes: 0 }, true, new Date()));
  await wire.endWriting();
  await drain?.();
  await linger(wire);
}

/**
 * Takes what the client still sends, for a short while. A socket that is closed with bytes unread resets the
 * connection, and the client's system then throws away the answer it had received (RFC 9112 section 9.6).
 */
async function linger(wire: Wire): Promise<void> {
  const deadline = Date.now() + LINGER_SECONDS * 1_000;
  try {
    for (let reads = 0; reads < LINGER_READS; reads++) {
      const waitSeconds = (deadline - Date.now()) / 1_000;
      if (waitSeconds <= 0 || (await wire.read(waitSeconds)) === null) return;
    }
  } catch {
    // The client is gone or silent; either way it has had its time.
  }
}

function cursorOf(body: BodyFraming, limits: DoorLimits): BodyCursor {
  return body.kind === "chunked"
    ? new ChunkedCursor({ ...DEFAULT_CHUNKED_LIMITS, maximumTrailerFields: limits.maximumFields })
    : new LengthCursor(body.kind === "length" ? body.bytes : 0);
}

/**
 * The request as the app sees it, like one that came through `fetch`: redirects are its own business. BITS_POST is
 * POST there, and since the door says what the verb was, a header that claims it is not the client's to send.
 */
function toRequest(connection: Connection, head: RequestHead, body: RequestBody): Request {
  const method = methodOf(head.method) ?? head.method;
  const headers = new Headers();
  for (const [name, value] of head.headers) headers.append(name, value);
  if (head.method !== method) headers.delete("X-HTTP-Method-Override");
  const hasContent = head.body.kind === "chunked" || (head.body.kind === "length" && head.body.bytes > 0);
  const request = new Request(head.url, {
    method,
    headers,
    redirect: "manual",
    body: hasContent ? body.stream : null,
  });
  markArrival(request, { door: "tcp", method: head.method, clientAddress: connection.clientAddress });
  return request;
}

function asksToClose(response: Response): boolean {
  return /(?:^|,)\s*close\s*(?:,|$)/i.test(response.headers.get("Connection") ?? "");
}

function log(head: RequestHead, error: unknown): void {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  console.error(JSON.stringify({ event: "door-error", method: head.method, url: head.url, message }));
}
