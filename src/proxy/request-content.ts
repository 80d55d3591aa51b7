import { Deadline } from "../runtime/deadline.ts";

/** A client that dribbles costs the least; one that fills what it is given gets twice as much. */
const LEAST_COPY_BYTES = 4 * 1024;
const MOST_COPY_BYTES = 256 * 1024;

/** Why a request to the origin is ended before its time, and the status for a client that is still there. */
export class CalledOff extends Error {
  override readonly name = "CalledOff";
  readonly status: number;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** A request's content on its way to the origin. */
export interface Content {
  /** For `fetch`; null where there is none. */
  readonly stream: ReadableStream<Uint8Array> | null;
  /** Whether all of it was read, and not left because nobody wants more; rejects with CalledOff where the client broke off. */
  readonly carried: Promise<boolean>;
}

/**
 * Carries the content of `request` with its length where the client said it: legacy origins refuse chunked requests.
 *
 * Where the client breaks off, the stream does not end, and must not: the runtime ends a chunked request whose stream was
 * closed or has failed with a proper last chunk (seen with workerd 1.20261117.1), and the origin would take what came for
 * the whole (ruling 29, incomplete stays incomplete). The caller aborts the request by its signal instead.
 *
 * @param idleSeconds the longest silence of the client; null where its door sees to that
 * @param heard called for every piece that came
 */
export function carryContent(
  { body, headers }: Request,
  idleSeconds: number | null,
  heard: () => void,
): Content {
  if (body === null) return { stream: null, carried: Promise.resolve(true) };
  const length = headers.get("Content-Length");
  const { readable, writable } =
    length === null ? new IdentityTransformStream() : new FixedLengthStream(BigInt(length));
  return { stream: readable, carried: copy(body, writable, idleSeconds, heard) };
}

/** The runtime's own pipe takes 4 KiB at a time of a TCP door's body: twenty times slower than this. */
async function copy(
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  idleSeconds: number | null,
  heard: () => void,
): Promise<boolean> {
  const reader = body.getReader({ mode: "byob" });
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined); // told by `write` and `close` already
  for (let size = LEAST_COPY_BYTES; ;) {
    const { value, done } = await readInTime(reader, size, idleSeconds);
    heard();
    try {
      if (done) await writer.close();
      else await writer.write(value);
    } catch {
      return done; // the origin has answered, or is gone: its answer says which
    }
    if (done) return true;
    if (value.byteLength === size) size = Math.min(size * 2, MOST_COPY_BYTES);
  }
}

async function readInTime(
  reader: ReadableStreamBYOBReader,
  size: number,
  idleSeconds: number | null,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  const late = Promise.withResolvers<never>();
  const deadline = new Deadline(() => late.reject(new CalledOff("the client is silent", 408)));
  if (idleSeconds !== null) deadline.start(idleSeconds);
  try {
    return await Promise.race([reader.read(new Uint8Array(size)), late.promise]);
  } catch (cause) {
    throw cause instanceof CalledOff
      ? cause
      : new CalledOff("the client broke off", statusOf(cause), { cause });
  } finally {
    deadline.stop();
  }
}

/** The TCP door has a refusal for malformed chunks; without one, bytes stopped coming. */
function statusOf(cause: unknown): number {
  return cause instanceof Error && "refusal" in cause && cause.refusal === null ? 408 : 400;
}
