/** The head of a response, whichever carrier brought it. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** A number, or the same one several times. */
const CONTENT_LENGTH = /^(\d+)(?:[ \t]*,[ \t]*\1)*$/;

/** A client has to discard a response with such a length, whatever else it says (RFC 9112 section 6.3). */
export function isFramed(head: ResponseHead): boolean {
  const length = head.headers.get("Content-Length");
  return length === null || hasNoBody(head) || isCoded(head) || CONTENT_LENGTH.test(length);
}

/**
 * How many bytes the body has, by a head that `isFramed` (RFC 9112 section 6.3).
 *
 * @returns null if the head does not count them: a body in chunks, or up to the end of the connection
 */
export function lengthOfBody(head: ResponseHead): number | null {
  if (hasNoBody(head)) return 0;
  const length = head.headers.get("Content-Length");
  return length === null || isCoded(head) ? null : Number.parseInt(length, 10);
}

/** Whether the body comes in chunks, by a head that has one. */
export function isChunked({ headers }: ResponseHead): boolean {
  return /(?:^|,)[ \t]*chunked[ \t]*$/i.test(headers.get("Transfer-Encoding") ?? "");
}

function hasNoBody({ status }: ResponseHead): boolean {
  return status < 200 || status === 204 || status === 304;
}

function isCoded({ headers }: ResponseHead): boolean {
  return headers.has("Transfer-Encoding");
}
