/** One HTTP response as it stood on the wire: nothing merged, nothing decoded but the chunked coding. */
export class HttpResponse {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** In the order and the case in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;

  constructor(head: ResponseHead, body: Buffer) {
    this.version = head.version;
    this.status = head.status;
    this.reason = head.reason;
    this.headers = head.headers;
    this.body = body;
  }

  /** The value of the first header of this name, in any case. */
  header(name: string): string | undefined {
    return headerOf(this.headers, name);
  }
}

/** The status line and the headers; the body is still on its way. */
export interface ResponseHead {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** How the end of a body is told: by count, by chunks, or by the connection's end. */
export type BodyFraming = { kind: "length"; length: number } | { kind: "chunked" } | { kind: "until-close" };

/** The first header of this name, in any case. */
function headerOf(
  headers: readonly (readonly [name: string, value: string])[],
  name: string,
): string | undefined {
  const wanted = name.toLowerCase();
  return headers.find(([have]) => have.toLowerCase() === wanted)?.[1];
}

/** A head that ends with its blank line → its parts. Throws on what is not HTTP/1.x: a broken server. */
export function parseResponseHead(head: Buffer): ResponseHead {
  const [statusLine = "", ...lines] = head
    .toString("latin1")
    .replace(/\r\n\r\n$/, "")
    .split("\r\n");
  const status = /^(HTTP\/1\.[01]) (\d{3})(?: (.*))?$/.exec(statusLine);
  if (status === null) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`);
  const headers = lines.map((line): readonly [string, string] => {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (field === null) throw new Error(`not a header line: ${JSON.stringify(line)}`);
    return [field[1] ?? "", field[2] ?? ""];
  });
  return { version: status[1] ?? "", status: Number(status[2]), reason: status[3] ?? "", headers };
}

/**
 * How much body follows `head` (RFC 9112 section 6.3).
 *
 * @param toHead - whether the request was a HEAD, whose answer announces a length and sends none.
 */
export function bodyFraming(head: ResponseHead, toHead: boolean): BodyFraming {
  if (toHead || head.status < 200 || head.status === 204 || head.status === 304) {
    return { kind: "length", length: 0 };
  }
  if (/\bchunked\s*$/i.test(headerOf(head.headers, "Transfer-Encoding") ?? "")) return { kind: "chunked" };
  const length = headerOf(head.headers, "Content-Length");
  if (length === undefined) return { kind: "until-close" };
  if (!/^\d+$/.test(length)) throw new Error(`not a Content-Length: ${JSON.stringify(length)}`);
  return { kind: "length", length: Number(length) };
}
