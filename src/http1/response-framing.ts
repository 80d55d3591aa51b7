import { decodeText } from "./wire-bytes.ts";

/** The head of a response, whoever brought it. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** A number, or the same one several times. */
const CONTENT_LENGTH = /^(\d+)(?:[ \t]*,[ \t]*\1)*$/;
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** An answer with such a length is to be discarded, whatever else it says (RFC 9112 section 6.3). */
export function isFramed(head: ResponseHead): boolean {
  const length = head.headers.get("Content-Length");
  return length === null || hasNoBody(head) || isCoded(head) || CONTENT_LENGTH.test(length);
}

/**
 * Where an answer ends that is only dropped (RFC 9112 section 6.3).
 *
 * @returns is given what comes after the head, in any split, and says whether the answer is over with it; one that is
 *   neither counted nor chunked is over with its connection
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
 * By the last chunk, without a count of those before it: an answer that has the same bytes where a read ends is left too
 * early, and one with a trailer is heard until its connection ends. That is little to lose, and saves a second reader.
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
