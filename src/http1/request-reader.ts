import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "./head-limits.ts";
import { type Field, framingNameOf, parseFraming } from "./request-framing.ts";
import { type FieldLine, parseFieldLine, parseRequestLine } from "./request-lines.ts";
import type { RequestHead } from "./request-head.ts";
import { REFUSALS, Refusal } from "./refusals.ts";
import { decodeTarget, locate, parseTarget, type RequestTarget } from "./request-target.ts";
import { CR, decodeText, DEL, isFieldByte, LF } from "./wire-bytes.ts";
import { methodOf } from "./wire-methods.ts";

/** A whole head, and the bytes after it, which are a view of what was pushed: the body's first, or the next request's. */
export interface HeadRead {
  readonly head: RequestHead;
  readonly rest: Uint8Array;
}

/** Room for the method, the version, two spaces and CRLF around the longest allowed target. */
const REQUEST_LINE_OVERHEAD_BYTES = 44;
const FIRST_CARRY_BYTES = 1024;
/** The methods that are accepted in HTTP/1.0. */
const LOOKING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const HOST_OF_NOBODY: Field = ["Host", "localhost"];

/**
 * Reads one request head from bytes pushed in any split; the result is the same for every split. It owns no
 * socket and no clock. What it decides:
 *
 * 1. Every decision depends on a byte's position alone, never on where a push ended, so the first offence in wire
 *    order is the one that is answered.
 * 2. A head that arrives in one push, nearly every one, is read where it lies. Only a split head is copied, into a
 *    buffer that starts small: a thousand clients that dribble cost a thousand small buffers.
 * 3. The reader leaves the body alone. It hands back `rest`, so that the caller can read on from the socket.
 *
 * A reader reads one head; after a head or a refusal, make a new one.
 */
export class HeadReader {
  readonly #limits: HeadLimits;
  /** The bytes of this head so far, when it came in more than one push; the first `#carried` of it count. */
  #carry: Uint8Array = new Uint8Array(0);
  #carried = 0;
  #scanned = 0;
  #lineStart = 0;
  #method = "";
  #target = "";
  #place: RequestTarget | null = null;
  /** Field lines as offsets; they become text when the head is whole. */
  readonly #lines: FieldLine[] = [];
  #isAscii = true;
  #isHttp10 = false;

  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#limits = limits;
  }

  /** Whether a byte of the request has arrived; the one empty line that may precede it does not count. */
  get hasBegun(): boolean {
    return this.#carried > this.#lineStart || this.#place !== null;
  }

  /** Takes the next bytes. Gives the head once it is whole, a refusal if it can never be, null if it needs more. */
  push(bytes: Uint8Array): HeadRead | Refusal | null {
    const before = this.#carried;
    const window = before === 0 ? bytes : this.#append(bytes);
    const result = this.#scan(window);
    if (result instanceof Refusal) return result;
    if (result) {
      const head = this.#finish(window);
      return head instanceof Refusal ? head : { head, rest: bytes.subarray(this.#lineStart - before) };
    }
    if (window.byteLength >= this.#limits.maximumHeadBytes) return REFUSALS.headLength;
    if (before === 0) this.#append(bytes);
    return null;
  }

  /** Reads on from where the last push ended; true at the empty line that ends the head. */
  #scan(window: Uint8Array): boolean | Refusal {
    const { maximumHeadBytes, maximumTargetBytes } = this.#limits;
    const end = Math.min(window.byteLength, maximumHeadBytes);
    for (let at = this.#scanned; at < end; at++) {
      const byte = window[at] ?? 0;
      if (this.#place === null && at - this.#lineStart >= maximumTargetBytes + REQUEST_LINE_OVERHEAD_BYTES) {
        return REFUSALS.targetLength;
      }
      if (byte > DEL) this.#isAscii = false;
      if (isFieldByte(byte)) continue;
      if (byte === LF) return REFUSALS.bareLineFeed;
      if (byte !== CR) return REFUSALS.controlByte;

      // The byte after a CR decides what the CR means, so the scan waits here if that byte has not arrived.
      this.#scanned = at;
      if (at + 1 >= end) return false;
      if (window[at + 1] !== LF) return REFUSALS.bareCarriageReturn;
      const done = this.#endLine(window, this.#lineStart, at);
      at++;
      this.#lineStart = at + 1;
      if (done !== false) return done;
    }
    this.#scanned = Math.max(this.#scanned, end);
    return false;
  }

  /** One whole line, CRLF not included; true if it ends the head. */
  #endLine(window: Uint8Array, start: number, end: number): boolean | Refusal {
    if (this.#place === null) {
      // RFC 9112 section 2.2: one CRLF before the request line is forgiven.
      if (start === end) return start === 0 ? false : REFUSALS.emptyLines;
      return this.#takeRequestLine(window, start, end);
    }
    if (start === end) return true;
    const line = parseFieldLine(window, start, end);
    if (line instanceof Refusal) return line;
    if (this.#lines.length === this.#limits.maximumFields) return REFUSALS.fieldCount;
    this.#lines.push(line);
    return false;
  }

  #takeRequestLine(window: Uint8Array, start: number, end: number): false | Refusal {
    const line = parseRequestLine(window, start, end);
    if (line instanceof Refusal) return line;
    if (line.targetEnd - line.targetStart > this.#limits.maximumTargetBytes) return REFUSALS.targetLength;
    const target = decodeTarget(window, line.targetStart, line.targetEnd);
    if (target instanceof Refusal) return target;
    this.#method = decodeText(window.subarray(start, line.methodEnd));
    const place = parseTarget(this.#method, target);
    if (place instanceof Refusal) return place;
    // HTTP/1.0 frames messages in ways that BITS, which demands 1.1, has no use for. Health checks speak it, HAProxy's by
    // default (`OPTIONS / HTTP/1.0` without Host): what only looks is taken, one request a connection.
    this.#isHttp10 = line.version === "1.0" && LOOKING.has(this.#method);
    if (line.version !== "1.1" && !this.#isHttp10) return REFUSALS.version;
    if (methodOf(this.#method) === null) return REFUSALS.method;
    this.#target = target;
    this.#place = place;
    return false;
  }

  /** Decides what the fields of the whole head mean together. */
  #finish(window: Uint8Array): RequestHead | Refusal {
    const given = this.#decodeFields(window);
    // RFC 9112 section 3.3: where HTTP/1.0 names no host the server takes a default.
    const isUnnamed = this.#isHttp10 && !given.some(([name]) => framingNameOf(name) === "host");
    const fields = isUnnamed ? [...given, HOST_OF_NOBODY] : given;
    const framing = parseFraming(this.#method, fields);
    if (framing instanceof Refusal) return framing;
    // Section 6.1: chunked content of HTTP/1.0 is faulty; and what only looks brings none.
    if (this.#isHttp10 && framing.body.kind !== "none") return REFUSALS.version;
    if (this.#place === null) return REFUSALS.requestLine;
    const located = locate(this.#place, framing.host);
    if (located instanceof Refusal) return located;
    const { body, expectsContinue, keepAlive } = framing;
    const headers =
      located.host === framing.host
        ? fields
        : fields.map(([name, value]): Field => [name, framingNameOf(name) === "host" ? located.host : value]);
    return {
      method: this.#method,
      target: this.#target,
      url: located.url,
      headers,
      body,
      expectsContinue,
      keepAlive: keepAlive && !this.#isHttp10,
      canReadChunks: !this.#isHttp10,
    };
  }

  /** One decoding for the whole head where a byte is a character, which is nearly always; else one for each value. */
  #decodeFields(window: Uint8Array): Field[] {
    if (this.#isAscii) {
      const text = decodeText(window.subarray(0, this.#lineStart));
      return this.#lines.map((line) => [
        text.slice(line.start, line.nameEnd),
        text.slice(line.valueStart, line.valueEnd),
      ]);
    }
    return this.#lines.map((line) => [
      decodeText(window.subarray(line.start, line.nameEnd)),
      decodeText(window.subarray(line.valueStart, line.valueEnd)),
    ]);
  }

  /** Appends to the carried bytes as many of `bytes` as the head needs, and gives both. */
  #append(bytes: Uint8Array): Uint8Array {
    const wanted = Math.min(this.#carried + bytes.byteLength, this.#limits.maximumHeadBytes);
    if (wanted > this.#carry.byteLength) {
      const grown = new Uint8Array(Math.max(FIRST_CARRY_BYTES, wanted, this.#carry.byteLength * 2));
      grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
    }
    this.#carry.set(bytes.subarray(0, wanted - this.#carried), this.#carried);
    this.#carried = wanted;
    return this.#carry.subarray(0, wanted);
  }
}
