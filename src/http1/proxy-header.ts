import { ipv4Of, ipv6Of } from "./ip-address.ts";
import { type Announcement, readBinaryHeader, SIGNATURE } from "./proxy-header-binary.ts";
import { REFUSALS, Refusal } from "./refusals.ts";
import { CR, LF } from "./wire-bytes.ts";

/** The header that a proxy sends before the first byte of its client. */
export interface ProxyHeader extends Announcement {
  /** The bytes after the header, which are the first request's: a view of what was pushed. */
  readonly rest: Uint8Array;
}

/** `PROXY UNKNOWN` with two long addresses and ports, and CRLF (proxy-protocol.txt 2.1). */
const LONGEST_LINE_BYTES = 107;
const LINE_BEGINNING = new TextEncoder().encode("PROXY ");

/**
 * Reads one header of the PROXY protocol, version 1 (a line) or 2 (binary), from bytes pushed in any split; the result is
 * the same for every split (haproxy.org, proxy-protocol.txt). It owns no socket and no clock. What is not a header is
 * refused at the first byte that cannot be one, and never guessed about: "the receiver MUST not try to guess whether the
 * protocol header is present" (section 2).
 *
 * A reader reads one header, and holds no more than the longest one.
 */
export class ProxyHeaderReader {
  #bytes: Uint8Array = new Uint8Array(0);

  /** @returns the header; null if more bytes are needed; the refusal where no header can begin so */
  push(bytes: Uint8Array): ProxyHeader | Refusal | null {
    const before = this.#bytes.byteLength;
    const all = before === 0 ? bytes : joined(this.#bytes, bytes);
    const read = startsLike(all, LINE_BEGINNING) ? readLine(all) : readBinary(all);
    if (read instanceof Refusal) return read;
    if (read !== null) return { ...read, rest: bytes.subarray(read.bytes - before) };
    this.#bytes = before === 0 ? bytes.slice() : all;
    return null;
  }
}

function readBinary(all: Uint8Array): Announcement | Refusal | null {
  return startsLike(all, SIGNATURE) ? readBinaryHeader(all) : REFUSALS.proxyHeader;
}

function readLine(all: Uint8Array): Announcement | Refusal | null {
  const window = all.subarray(0, LONGEST_LINE_BYTES);
  const end = window.findIndex((byte) => byte === CR || byte === LF);
  if (end === -1) return window.byteLength < LONGEST_LINE_BYTES ? null : REFUSALS.proxyLine;
  if (window[end] === LF || end + 1 === LONGEST_LINE_BYTES) return REFUSALS.proxyLine;
  if (end + 1 === window.byteLength) return null;
  if (window[end + 1] !== LF) return REFUSALS.proxyLine;
  return parseLine(String.fromCharCode(...window.subarray(0, end)), end + 2);
}

const PORT = "(?:0|[1-9]\\d{0,4})";
const LINE = new RegExp(`^PROXY (TCP4|TCP6) (\\S+) (\\S+) (${PORT}) (${PORT})$`);
const ADDRESS_OF = { TCP4: ipv4Of, TCP6: ipv6Of } as const;

/** "Any sequence which does not exactly match the protocol must be discarded" (section 2.1). */
function parseLine(line: string, bytes: number): Announcement | Refusal {
  // "The receiver must ignore anything presented before the CRLF."
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { of: "unknown", address: "", bytes };
  const [, family, source = "", destination = "", ...ports] = LINE.exec(line) ?? [];
  if (family !== "TCP4" && family !== "TCP6") return REFUSALS.proxyLine;
  const addressOf = ADDRESS_OF[family];
  const address = addressOf(source);
  const isSound = addressOf(destination) !== null && ports.every((port) => Number(port) <= 65_535);
  return address === null || !isSound ? REFUSALS.proxyLine : { of: "client", address, bytes };
}

/** Whether `all` begins with `beginning`, or may still do so. */
function startsLike(all: Uint8Array, beginning: Uint8Array): boolean {
  return all.subarray(0, beginning.byteLength).every((byte, at) => byte === beginning[at]);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.byteLength + other.byteLength);
  both.set(one);
  both.set(other, one.byteLength);
  return both;
}
