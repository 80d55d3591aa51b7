import { type BodyCursor, ChunkedCursor, LengthCursor } from "../../../src/http1/body-cursor.ts";
import type { RequestHead } from "../../../src/http1/request-head.ts";
import { HeadReader } from "../../../src/http1/request-reader.ts";
import { Refusal } from "../../../src/http1/refusals.ts";

/** A request as far as its bytes went. */
interface ReadRequest {
  readonly head: RequestHead;
  readonly body: Uint8Array;
  /** False where the bytes ended inside the body. */
  readonly isWhole: boolean;
}

/** What a connection's bytes were: requests, then possibly the refusal that ended it. */
export interface ReadConnection {
  readonly requests: readonly ReadRequest[];
  readonly refusal: Refusal | null;
  /** Whether the bytes ended inside a head. */
  readonly isInHead: boolean;
}

interface OpenBody {
  readonly head: RequestHead;
  readonly cursor: BodyCursor;
  readonly data: Uint8Array[];
}

/** Reads a connection from its bytes in any pieces, as the door does, but for the socket; up to `Connection: close`. */
export function readRequests(pieces: Iterable<Uint8Array>): ReadConnection {
  const requests: ReadRequest[] = [];
  let headReader = new HeadReader();
  let open: OpenBody | null = null;
  for (const piece of pieces) {
    let bytes = piece;
    while (bytes.byteLength > 0) {
      if (open === null) {
        const read = headReader.push(bytes);
        if (read instanceof Refusal) return { requests, refusal: read, isInHead: false };
        if (read === null) break;
        headReader = new HeadReader();
        open = { head: read.head, cursor: cursorOf(read.head), data: [] };
        bytes = read.rest;
      } else {
        const taken = takeBody(open, bytes);
        if (taken instanceof Refusal)
          return { requests: [...requests, toRequest(open)], refusal: taken, isInHead: false };
        bytes = bytes.subarray(taken);
      }
      if (open.cursor.isAtEnd) {
        requests.push(toRequest(open));
        if (!open.head.keepAlive) return { requests, refusal: null, isInHead: false };
        open = null;
      }
    }
  }
  return {
    requests: open === null ? requests : [...requests, toRequest(open)],
    refusal: null,
    isInHead: headReader.hasBegun,
  };
}

/** `bytes` cut at `cuts`, which may be in any order, doubled and outside. */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.filter((cut) => cut > 0 && cut < bytes.byteLength), bytes.byteLength];
  let start = 0;
  return ends
    .toSorted((one, other) => one - other)
    .map((end) => {
      const piece = bytes.subarray(start, end);
      start = end;
      return piece;
    });
}

/** The bytes that are the characters of `text`, U+0000 to U+00FF. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

function takeBody({ cursor, data }: OpenBody, bytes: Uint8Array): number | Refusal {
  if (cursor.dataAhead === 0) return cursor.readFraming(bytes);
  const taken = Math.min(cursor.dataAhead, bytes.byteLength);
  data.push(bytes.subarray(0, taken));
  cursor.took(taken);
  return taken;
}

function cursorOf({ body }: RequestHead): BodyCursor {
  if (body.kind === "chunked") return new ChunkedCursor();
  return new LengthCursor(body.kind === "length" ? body.bytes : 0);
}

function toRequest({ head, cursor, data }: OpenBody): ReadRequest {
  return { head, body: Buffer.concat(data), isWhole: cursor.isAtEnd };
}
