import { splitChallenges } from "./connection-bound-auth.ts";
import type { Field } from "./request-framing.ts";
import { REASON_PHRASES } from "./reason-phrases.ts";

/** Fields that are the connection's and not the message's (RFC 9110 section 7.6.1); an app's own are dropped. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** How the body that follows a response's head is delimited: not at all, by its length, or chunked. */
export type ResponseFraming = "none" | "chunked" | { readonly bytes: number };

const encoder = new TextEncoder();

/**
 * A response's head as bytes: status line, the fields that belong to the message, and the framing, which is the
 * door's own and stands exactly once. Throws TypeError on a field that could end its line or the head.
 */
export function formatHead(
  status: number,
  fields: Iterable<Field>,
  framing: ResponseFraming,
  closes: boolean,
  now: Date,
): Uint8Array {
  let text = `HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? ""}\r\n`;
  let hasDate = false;
  for (const [name, value] of fields) {
    checkField(name, value);
    if (name.toLowerCase() === "date") hasDate = true;
    text += `${name}: ${value}\r\n`;
  }
  if (!hasDate) text += `Date: ${now.toUTCString()}\r\n`;
  if (framing === "chunked") text += "Transfer-Encoding: chunked\r\n";
  else if (framing !== "none") text += `Content-Length: ${framing.bytes}\r\n`;
  if (closes) text += "Connection: close\r\n";
  return encoder.encode(`${text}\r\n`);
}

/**
 * The fields of an app's response that go to the client: without the connection's own fields and the ones that the
 * Connection field names, and without Content-Length, which the framing states. Each Set-Cookie stays a field of its own
 * (RFC 6265 section 3), and so does each challenge, because old clients read one challenge in a field.
 */
export function messageFields(headers: Headers): Field[] {
  const named = new Set(
    (headers.get("Connection") ?? "").split(",").map((name) => name.trim().toLowerCase()),
  );
  const fields: Field[] = [];
  for (const [name, value] of headers) {
    if (name === "content-length" || name === "set-cookie" || HOP_BY_HOP.has(name) || named.has(name))
      continue;
    if (name === "www-authenticate") {
      for (const challenge of splitChallenges(value)) fields.push([name, challenge]);
    } else fields.push([name, value]);
  }
  for (const cookie of headers.getSetCookie()) fields.push(["set-cookie", cookie]);
  return fields;
}

/** The Content-Length that an app stated; null if it stated none, or nonsense. */
export function statedLength(headers: Headers): number | null {
  const stated = headers.get("Content-Length") ?? "";
  return /^[0-9]{1,15}$/.test(stated) ? Number(stated) : null;
}

/** Whether a final response to `method` with `status` has no content whatever its fields say (RFC 9112 section 6.3). */
export function hasNoContent(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 304;
}

/** chunk = chunk-size CRLF chunk-data CRLF (RFC 9112 section 7.1), in one piece so that it is one write. */
export function formatChunk(data: Uint8Array): Uint8Array {
  return joinBytes(encoder.encode(`${data.byteLength.toString(16)}\r\n`), data, encoder.encode("\r\n"));
}

/** The last chunk and an empty trailer section: only a body that was written whole gets one. */
export const LAST_CHUNK: Uint8Array = encoder.encode("0\r\n\r\n");

/** Joins all parts into one array. */
export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function checkField(name: string, value: string): void {
  if (!TOKEN.test(name) || NO_FIELD_VALUE.test(value))
    throw new TypeError(`the response field ${JSON.stringify(name)} cannot be written`);
}

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
/** Any character but a visible one, a space or a tab (RFC 9110 section 5.5). Text beyond ASCII becomes UTF-8, which is obs-text. */
const NO_FIELD_VALUE = /[^\t -~\u0080-\uffff]/;
