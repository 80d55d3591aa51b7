import {
  formatChunk,
  formatHead,
  hasNoContent,
  joinBytes,
  LAST_CHUNK,
  messageFields,
  type ResponseFraming,
  statedLength,
} from "../http1/response-writer.ts";

import { respell } from "./wire-spelling.ts";

/** Where a response's bytes go; each call is one packet where it fits. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

type ChunkReader = {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
};

const READ_BYTES = 65_536;

/**
 * Writes `response` as the answer to `method`. The head goes out in one write with the bytes that the body has ready; the
 * rest streams. Throws if the app's response cannot be written as it promises: a body that fails, or is longer or shorter
 * than its Content-Length. If the sink has bytes by then, the only honest end is to break the connection. If it has none,
 * the door can still give another answer.
 */
export async function sendResponse(
  sink: ByteSink,
  response: Response,
  method: string,
  closes: boolean,
  now: Date,
  canReadChunks = true,
): Promise<void> {
  const { status } = response;
  // A 1xx or a network error is not an answer; 101 would make the client speak another protocol.
  if (status < 200) throw new TypeError(`the response's status ${status} is not final`);
  const fields = respell(response, messageFields(response.headers));
  const stated = statedLength(response.headers);
  const reader = readerOf(response.body);

  if (hasNoContent(method, status)) {
    const framing = await framingOfNoContent(method, status, stated, reader);
    reader?.cancel().catch(() => {});
    return sink.write(formatHead(status, fields, framing, closes, now));
  }
  if (reader === null) {
    // A stated length without a body would leave the client waiting for bytes that never come.
    if (stated !== null && stated > 0) throw new TypeError("the response states a length and has no body");
    return sink.write(formatHead(status, fields, { bytes: 0 }, closes, now));
  }
  try {
    const unstated = canReadChunks ? "chunked" : "none";
    await sendBody(sink, reader, stated ?? unstated, (framing) =>
      formatHead(status, fields, framing, closes, now),
    );
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  }
}

async function sendBody(
  sink: ByteSink,
  reader: ChunkReader,
  stated: number | "chunked" | "none",
  head: (framing: ResponseFraming) => Uint8Array,
): Promise<void> {
  const opening = await readOpening(reader);
  const length = typeof stated === "number" ? stated : null;
  if (length === null && opening.isWhole) {
    return sink.write(joinBytes(head({ bytes: opening.data.byteLength }), opening.data));
  }
  const framing: ResponseFraming = typeof stated === "number" ? { bytes: stated } : stated;
  const isChunked = stated === "chunked";
  let written = 0;
  const frame = (data: Uint8Array): Uint8Array => {
    written += data.byteLength;
    if (length !== null && written > length) throw new Error("the body is longer than its Content-Length");
    return isChunked && data.byteLength > 0 ? formatChunk(data) : data;
  };
  const ending = (): Uint8Array => {
    if (length !== null && written < length) throw new Error("the body is shorter than its Content-Length");
    return isChunked ? LAST_CHUNK : new Uint8Array(0);
  };

  await sink.write(
    joinBytes(head(framing), frame(opening.data), opening.isWhole ? ending() : new Uint8Array(0)),
  );
  if (opening.isWhole) return;
  for (let read = await opening.next; !read.done; read = await reader.read()) {
    if (read.value && read.value.byteLength > 0) await sink.write(frame(read.value));
  }
  const last = ending();
  if (last.byteLength > 0) await sink.write(last);
}

type Opening =
  | { readonly data: Uint8Array; readonly isWhole: true }
  | { readonly data: Uint8Array; readonly isWhole: false; readonly next: ReturnType<ChunkReader["read"]> };

/**
 * The bytes that the body has ready now. A body in memory is there whole, and gets a Content-Length and a single write. A
 * slow body does not hold up the head.
 */
async function readOpening(reader: ChunkReader): Promise<Opening> {
  const nothing = new Uint8Array(0);
  const first = reader.read();
  const ready = await settledSoon(first);
  if (ready === null) return { data: nothing, isWhole: false, next: first };
  if (ready.done) return { data: nothing, isWhole: true };
  // A copy, because the read ahead may hand the same buffer over again.
  const data = ready.value?.slice() ?? nothing;
  const next = reader.read();
  // The caller that awaits this read meets its failure.
  next.catch(() => {});
  const after = await settledSoon(next).catch(() => null);
  return after?.done ? { data, isWhole: true } : { data, isWhole: false, next };
}

/** The result of `work` if it is there within one turn of the event loop, else null. */
async function settledSoon<Result>(work: Promise<Result>): Promise<Result | null> {
  const turn = Promise.withResolvers<null>();
  const timer = setTimeout(() => turn.resolve(null), 0);
  try {
    return await Promise.race([work, turn.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function framingOfNoContent(
  method: string,
  status: number,
  stated: number | null,
  reader: ChunkReader | null,
): Promise<ResponseFraming> {
  // RFC 9110 section 8.6: no Content-Length on 204; on HEAD and 304 the one that GET would have.
  if (status === 204) return "none";
  if (stated !== null) return { bytes: stated };
  if (method !== "HEAD" || reader === null) return "none";
  const opening = await readOpening(reader);
  return opening.isWhole ? { bytes: opening.data.byteLength } : "none";
}

/** Reads in 64 KiB where the body is a byte stream (the runtime's are, and give 4 KiB otherwise). */
function readerOf(body: Response["body"]): ChunkReader | null {
  if (body === null) return null;
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    return body.getReader();
  }
  let buffer = new ArrayBuffer(READ_BYTES);
  return {
    async read() {
      const read = await reader.read(new Uint8Array(buffer));
      if (read.value) ({ buffer } = read.value);
      return read;
    },
    cancel: () => reader.cancel(),
  };
}
