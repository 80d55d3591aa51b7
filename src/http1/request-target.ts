import { REFUSALS, type Refusal } from "./refusals.ts";
import { DEL, SP } from "./wire-bytes.ts";

/** A parsed request target: what follows the authority in its URL, and the authority if the target has one. */
export interface RequestTarget {
  readonly authority: string | null;
  /** Begins with "/" or is empty; or `*`. */
  readonly pathAndQuery: string;
}

const FRAGMENT = 0x23;
const ABSOLUTE_FORM = /^https?:\/\/([^/?]*)(.*)$/i;
/**
 * uri-host [":" port] without userinfo (RFC 9110 section 4.2.4). Narrower than RFC 3986's grammar, which lets a
 * registered name hold commas, quotes and percent signs: names as DNS has them, IPv4, bracketed IPv6.
 */
const AUTHORITY = /^(?:[A-Za-z0-9\-._]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;

/**
 * The text of a request target. Bytes from 0x80 are percent-encoded: old Windows clients send file names as they
 * are. Everything else outside VCHAR, and "#", has no place in a target (RFC 9112 section 3.2).
 */
export function decodeTarget(bytes: Uint8Array, start: number, end: number): string | Refusal {
  let text = "";
  let plainFrom = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte <= SP || byte === DEL || byte === FRAGMENT) return REFUSALS.targetBytes;
    if (byte < DEL) continue;
    text += plainText(bytes, plainFrom, at) + "%" + byte.toString(16).toUpperCase();
    plainFrom = at + 1;
  }
  return text + plainText(bytes, plainFrom, end);
}

/**
 * The four forms of RFC 9112 section 3.2. Authority-form passes for CONNECT only (which is then answered 501 like
 * every method the runtime cannot express) and `*` for OPTIONS only.
 */
export function parseTarget(method: string, text: string): RequestTarget | Refusal {
  if (text.startsWith("/")) return { authority: null, pathAndQuery: text };
  if (text === "*") {
    return method === "OPTIONS" ? { authority: null, pathAndQuery: text } : REFUSALS.targetForm;
  }
  if (method === "CONNECT") {
    return AUTHORITY.test(text) ? { authority: text, pathAndQuery: "" } : REFUSALS.targetForm;
  }
  const absolute = ABSOLUTE_FORM.exec(text);
  if (absolute === null) return REFUSALS.targetForm;
  const [, authority = "", pathAndQuery = ""] = absolute;
  return { authority, pathAndQuery };
}

/** Whether `text` is a host with or without a port, as a Host field may name it. */
export function isAuthority(text: string): boolean {
  return AUTHORITY.test(text) && URL.canParse(`http://${text}/`);
}

/**
 * The URL a request is for and the Host it counts as having. The target's authority wins over the Host field (RFC
 * 9112 section 3.2.2), which may then be anything a Host may be, empty included. Without one the Host field is the
 * authority, and an http URL with an empty host must be rejected (RFC 9110 section 4.2.1).
 */
export function locate(target: RequestTarget, host: string): { url: string; host: string } | Refusal {
  if (host !== "" && !AUTHORITY.test(host)) return REFUSALS.host;
  const authority = target.authority ?? host;
  if (!AUTHORITY.test(authority)) return REFUSALS.host;
  const url = `http://${authority}${target.pathAndQuery === "*" ? "/*" : target.pathAndQuery}`;
  // The grammar allows some authorities that no URL can hold: port 99999, 1.2.3.256, [1::2::3].
  return URL.canParse(url) ? { url, host: authority } : REFUSALS.host;
}

function plainText(bytes: Uint8Array, start: number, end: number): string {
  return start === end ? "" : ascii.decode(bytes.subarray(start, end));
}

const ascii = new TextDecoder();
