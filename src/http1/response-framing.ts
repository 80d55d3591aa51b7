import { decodeText } from "./wire-bytes.ts";

/** The head of a response, whoever brought it. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** A number, or the same one several times. */
const CONTENT_LENGTH = /^(\d+)(?:[ \t]*,[ \t]*\1)*$/;
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** A client has to discard a response with such a length, whatever else it says (RFC 9112 section 6.3). */
export function isFramed(head: ResponseHead): boolean {
  const length = head.headers.get("Content-Length");
  return length === null || hasNoBody(head) || isCoded(head) || CONTENT_LENGTH.test(length);
}

/**
 * Finds the end of a response whose body nobody reads (RFC 9112 section 6.3).
 *
 * @returns a function that takes the bytes after the head, in any split, and says whether the response ends with them;
 *   a response without a length and without chunks ends with its connection
 */
export function endOf(head: ResponseHead): (bytes: Uint8Array) => boolean {
  if (hasNoBody(head)) return () => true;
  if (isCoded(head)) return isChunked(head) ? endOfChunks() : () => false;
  const length = head.headers.get("Content-Length");
  return length === null ? () => false : endOfLength(Number.parseInt(length, 10));
}

function endOfLength(length: number): (bytes: Uint8Array) => boolean {
  let left = length;
  return ({ byteLength }) => (left -= byteLength) <= 0;
}

/**
 * Looks for the last chunk and does not count the chunks before it. If data with the same bytes ends a read, the response
 * is left too early; if it has a trailer, it is read until its connection ends. Both cost little and save a second reader.
 */
function endOfChunks(): (bytes: Uint8Array) => boolean {
  let tail = "\r\n";
  return (bytes) => {
    tail = (tail + decodeText(bytes.subarray(-LAST_CHUNK.length))).slice(-LAST_CHUNK.length);
    return tail === LAST_CHUNK;
  };
}

function hasNoBody({ status }: ResponseHead): boolean {
  return status < 200 || status === 204 || status === 304;
}

function isCoded({ headers }: ResponseHead): boolean {
  return headers.has("Transfer-Encoding");
}

function isChunked({ headers }: ResponseHead): boolean {
  return /(?:^|,)[ \t]*chunked[ \t]*$/i.test(headers.get("Transfer-Encoding") ?? "");
}
