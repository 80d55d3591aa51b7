import type { HttpResponse } from "../support/http-response.ts";

/** One part of a multipart/byteranges body. */
export interface Part {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Reads a multipart/byteranges body to its last byte (RFC 9110 14.6, RFC 2046 5.1.1). Each part's length
 * comes from its Content-Range, as no boundary can be looked for in any bytes there may be.
 *
 * @throws Error where the body has any byte less or more
 */
export function readByteRanges(response: HttpResponse): Part[] {
  const type = response.header("Content-Type") ?? "";
  const boundary = /^multipart\/byteranges; boundary=([\w'+,./:=?-]{1,70})$/.exec(type)?.[1];
  if (boundary === undefined) throw new Error(`not multipart/byteranges: ${type}`);
  const { body } = response;
  const parts: Part[] = [];
  let at = 0;
  const take = (text: string): boolean => {
    if (body.subarray(at, at + text.length).toString("latin1") !== text) return false;
    at += text.length;
    return true;
  };
  for (;;) {
    // A preamble's line break is allowed before the first delimiter, too.
    if (!take(`\r\n--${boundary}`) && !(at === 0 && take(`--${boundary}`)))
      throw new Error(`no delimiter at ${at}`);
    if (take("--")) break;
    const end = body.indexOf("\r\n\r\n", at);
    const lines = body.subarray(at, end).toString("latin1").trim().split("\r\n");
    const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(/: */, 2)));
    at = end + 4;
    const [, first, last] = /^bytes (\d+)-(\d+)\/\d+$/.exec(headers["content-range"] ?? "") ?? [];
    const length = Number(last) - Number(first) + 1;
    parts.push({ headers, body: body.subarray(at, at + length) });
    at += length;
  }
  take("\r\n");
  if (at !== body.length) throw new Error(`${body.length - at} bytes too many`);
  return parts;
}
