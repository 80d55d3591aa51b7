import { toAppRequest } from "./app-request.ts";
import type { DoorLimits } from "./door-limits.ts";
import {
  type BodyCursor,
  ChunkedCursor,
  DEFAULT_CHUNKED_LIMITS,
  LengthCursor,
} from "../http1/body-cursor.ts";
import type { BodyFraming } from "../http1/request-framing.ts";
import type { RequestHead } from "../http1/request-head.ts";
import { HeadReader } from "../http1/request-reader.ts";
import { Refusal } from "../http1/refusals.ts";
import { linger, refuse } from "./refuse.ts";
import { RequestBody } from "./request-body.ts";
import { sendResponse } from "./send-response.ts";
import { isDraining, whenDraining } from "../runtime/draining.ts";
import { log } from "../runtime/log.ts";
import { TimeLeft } from "../runtime/time-left.ts";
import { type Wire, WireTimeout } from "./wire.ts";

/** One connection: its wire, who is at the other end, and the app its requests go to. */
export interface Connection {
  readonly wire: Wire;
  readonly limits: DoorLimits;
  readonly clientAddress: string | null;
  /** The app behind the door, everything but the request already given. */
  readonly answer: (request: Request) => Response | Promise<Response>;
}

/** A body that is read in a turn of its own, unless its head's turn has room for it. */
const WORTH_WIDENING_BYTES = 16 * 1024;
const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");
const HEAD_TIMEOUT = new Refusal(408, "The request's head did not arrive in time.");
const BODY_TIMEOUT = new Refusal(408, "The request's body stopped arriving.");
const APP_FAILED = new Refusal(500, "The app threw, or its response could not be written.");

/** When the edge is about to end, a client between two requests has so long to send the next one, whose answer says it. */
const LAST_REQUEST_MILLISECONDS = 1_000;

/** Serves requests one at a time, in order, until either side wants no more. Rejects only when the wire fails. */
export async function serveConnection(connection: Connection): Promise<void> {
  const { wire, limits } = connection;
  let isIdle = true;
  const endIfIdle = (): void => {
    if (isIdle) void wire.close();
  };
  const forget = whenDraining(() => setTimeout(endIfIdle, LAST_REQUEST_MILLISECONDS));
  try {
    for (let served = 1; served <= limits.requestsPerConnection; served++) {
      isIdle = true;
      const head = await readHead(wire, limits, () => {
        isIdle = false;
      });
      if (head === null) return;
      if (head instanceof Refusal) return await refuse(wire, head);
      const goesOn = await serveRequest(connection, head, served === limits.requestsPerConnection);
      if (!goesOn) return;
    }
  } finally {
    forget();
  }
}

/**
 * The next request's head; null when the client is done or was silent for long enough.
 *
 * @param whenBegun is called with its first byte
 */
async function readHead(
  wire: Wire,
  limits: DoorLimits,
  whenBegun: () => void,
): Promise<RequestHead | Refusal | null> {
  const reader = new HeadReader(limits);
  // From its first byte on, a head has one limit as a whole: a byte now and then does not extend it.
  let time: TimeLeft | null = null;
  for (;;) {
    let bytes: Uint8Array | null;
    try {
      bytes = await wire.read(time === null ? limits.keepAliveTimeoutSeconds : time.secondsLeft());
    } catch (error) {
      if (!(error instanceof WireTimeout)) throw error;
      return reader.hasBegun ? HEAD_TIMEOUT : null;
    }
    if (bytes === null) return null;
    whenBegun();
    const read = reader.push(bytes);
    if (read instanceof Refusal) return read;
    if (read !== null) {
      wire.unread(read.rest);
      return read.head;
    }
    time ??= new TimeLeft(limits.headTimeoutSeconds);
  }
}

/** One request, from its head to the end of its body; gives whether the connection can take another. */
async function serveRequest(connection: Connection, head: RequestHead, isLast: boolean): Promise<boolean> {
  const { wire, limits, clientAddress } = connection;
  const body = new RequestBody(
    wire,
    cursorOf(head.body, limits),
    limits.bodyIdleTimeoutSeconds,
    head.expectsContinue ? () => wire.write(CONTINUE) : null,
  );
  // A client that waits for `100 Continue` may never send its body once it has an answer.
  const drain = () => body.drain(body.isAwaited ? 0 : limits.drainBytes);
  let clientIsGone = false;
  let hasBegun = false;
  const sink = {
    async write(bytes: Uint8Array) {
      hasBegun = true;
      body.beginAnswer();
      try {
        await wire.write(bytes);
      } catch (error) {
        clientIsGone = true;
        throw error;
      }
    },
  };

  try {
    const request = toAppRequest(head, body, { clientAddress, whenGone: () => wire.whenGone() });
    const response = await connection.answer(request);
    const closes =
      isLast || isDraining() || !head.keepAlive || asksToClose(response) || cannotGoOn(body, limits);
    // The door reads the rest of the body while the answer goes out: a client that writes everything before it reads
    // would otherwise wait for the door, and the door for the client. Until the app has answered, the body is the app's.
    const isInUse = request.bodyUsed || request.body?.locked === true || response.body === body.stream;
    if (!isInUse) void drain();
    await sendResponse(sink, response, head.method, closes, new Date(), head.canReadChunks);
    if (!closes && (await drain())) {
      if (head.body.kind === "length" && head.body.bytes >= WORTH_WIDENING_BYTES) wire.widen();
      return true;
    }
  } catch (error) {
    if (!clientIsGone && body.failure === null) logFailure(head, error);
    if (hasBegun) await wire.abort();
    else
      await refuse(wire, body.failure === null ? APP_FAILED : (body.failure.refusal ?? BODY_TIMEOUT), drain);
    return false;
  }
  await wire.endWriting();
  await drain();
  await linger(wire);
  return false;
}

/** Whether the door cannot know, or cannot reach, the beginning of the next request on the wire. */
function cannotGoOn(body: RequestBody, limits: DoorLimits): boolean {
  return body.failure !== null || body.isAwaited || body.bytesAhead > limits.drainBytes;
}

/** An app closes the connection by the field that it would send on a connection of its own. */
function asksToClose(response: Response): boolean {
  return /(?:^|,)\s*close\s*(?:,|$)/i.test(response.headers.get("Connection") ?? "");
}

function cursorOf(body: BodyFraming, limits: DoorLimits): BodyCursor {
  return body.kind === "chunked"
    ? new ChunkedCursor({ ...DEFAULT_CHUNKED_LIMITS, maximumTrailerFields: limits.maximumFields })
    : new LengthCursor(body.kind === "length" ? body.bytes : 0);
}

/** One line for the operator; the client is told nothing but the status. */
function logFailure(head: RequestHead, error: unknown): void {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const { pathname } = new URL(head.url);
  log("door-error", { method: head.method, path: pathname, message });
}
