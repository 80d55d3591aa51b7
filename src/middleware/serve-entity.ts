import { type ByteRange, parseByteRanges } from "../http1/byte-ranges.ts";

/** Bytes that the edge can serve over HTTP. */
export interface Entity {
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
  /** A strong validator, with its quotes (RFC 9110 8.8.3). */
  readonly etag: string;
  /** The bytes from `start` up to, not including, `end`. */
  read(start: number, end: number): Promise<ReadableStream<Uint8Array>>;
}

const TYPE = "application/octet-stream";

/**
 * Answers GET and HEAD as BITS downloads need it ([MC-BUP] 3.5.5; Win32 "HTTP Requirements for BITS
 * Downloads"): Content-Length, single and multiple byte ranges, If-Range, validators.
 */
export async function serveEntity(request: Request, entity: Entity): Promise<Response> {
  const headers = new Headers({
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-store",
    "Content-Type": TYPE,
    ETag: entity.etag,
    "Last-Modified": new Date(entity.modifiedAt).toUTCString(),
  });
  const ranges = request.method === "GET" ? rangesOf(request.headers, entity) : "all";
  if (ranges === "unsatisfiable") {
    headers.set("Content-Range", `bytes */${entity.length}`);
    headers.set("Content-Length", "0");
    return new Response(null, { status: 416, headers });
  }
  if (ranges === "all") return await whole(request, entity, headers);
  const [only, ...others] = ranges;
  if (only !== undefined && others.length === 0) return await part(entity, only, headers);
  return parts(entity, ranges, headers);
}

function rangesOf(
  headers: Headers,
  { length, etag, modifiedAt }: Entity,
): ReturnType<typeof parseByteRanges> {
  const range = headers.get("Range");
  if (range === null) return "all";
  // RFC 9110 13.1.5: the range applies only if the client has a part of this very representation.
  const condition = headers.get("If-Range");
  const isCurrent =
    condition === null || condition === etag || condition === new Date(modifiedAt).toUTCString();
  return isCurrent ? parseByteRanges(range, length) : "all";
}

async function whole(request: Request, entity: Entity, headers: Headers): Promise<Response> {
  headers.set("Content-Length", String(entity.length));
  const body = request.method === "HEAD" ? null : fixed(await entity.read(0, entity.length), entity.length);
  return new Response(body, { headers });
}

async function part(entity: Entity, { start, end }: ByteRange, headers: Headers): Promise<Response> {
  const length = end - start + 1;
  headers.set("Content-Range", `bytes ${start}-${end}/${entity.length}`);
  headers.set("Content-Length", String(length));
  return new Response(fixed(await entity.read(start, end + 1), length), { status: 206, headers });
}

/** multipart/byteranges, RFC 9110 14.6. */
function parts(entity: Entity, ranges: readonly ByteRange[], headers: Headers): Response {
  const boundary = crypto.randomUUID();
  const encoder = new TextEncoder();
  const heads = ranges.map(({ start, end }) =>
    encoder.encode(
      `\r\n--${boundary}\r\nContent-Type: ${TYPE}\r\nContent-Range: bytes ${start}-${end}/${entity.length}\r\n\r\n`,
    ),
  );
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
  const sizes = ranges.map(({ start, end }, index) => end - start + 1 + (heads[index]?.byteLength ?? 0));
  const length = sizes.reduce((sum, size) => sum + size, tail.byteLength);
  const body = new FixedLengthStream(length);
  void send(entity, ranges, heads, tail, body.writable).catch((error: unknown) => body.writable.abort(error));
  headers.set("Content-Type", `multipart/byteranges; boundary=${boundary}`);
  headers.set("Content-Length", String(length));
  return new Response(body.readable, { status: 206, headers });
}

async function send(
  entity: Entity,
  ranges: readonly ByteRange[],
  heads: Uint8Array[],
  tail: Uint8Array,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  for (const [index, { start, end }] of ranges.entries()) {
    await write(writable, heads[index]);
    await (await entity.read(start, end + 1)).pipeTo(writable, { preventClose: true });
  }
  await write(writable, tail);
  await writable.close();
}

async function write(writable: WritableStream<Uint8Array>, bytes: Uint8Array | undefined): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes ?? new Uint8Array(0));
  writer.releaseLock();
}

/** Gives the stream a length, so that the runtime sends Content-Length and not chunks. */
function fixed(stream: ReadableStream<Uint8Array>, length: number): ReadableStream<Uint8Array> {
  return stream.pipeThrough(new FixedLengthStream(length));
}
