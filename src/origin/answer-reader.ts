import { HEADER } from "../protocol/headers.ts";
import { CR, decodeText, LF } from "../wire-bytes.ts";
import type { AnswerHead } from "./outcome.ts";

/** More than any application sends, interim answers included. */
const MAXIMUM_BYTES = 64 * 1024;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/s;
/** A number, or the same one several times. */
const CONTENT_LENGTH = /^(\d+)(?:[ \t]*,[ \t]*\1)*$/;

/**
 * Reads the head of an answer from bytes pushed in any split (RFC 9112 sections 4 and 5). Old applications are met
 * where they are, as far as the RFC lets a client: no reason phrase, a bare LF for a line's end (section 2.2),
 * folded fields (5.2). Interim answers are passed over (RFC 9110 section 15.2). The body is left where it is.
 */
export class AnswerReader {
  #bytes = 0;
  #line: number[] = [];
  #status: number | null = null;
  #fields: string[] = [];

  /**
   * @returns the head, once it is whole; null where it goes on
   * @throws TypeError where these bytes are no answer
   */
  push(bytes: Uint8Array): AnswerHead | null {
    for (const byte of bytes) {
      if (++this.#bytes > MAXIMUM_BYTES) throw new TypeError("the head of the answer has no end");
      if (byte !== LF) this.#line.push(byte);
      else if (this.#endLine()) return this.#head();
    }
    return null;
  }

  /** @returns whether it was the last line of the answer that counts */
  #endLine(): boolean {
    if (this.#line.at(-1) === CR) this.#line.pop();
    const line = decodeText(Uint8Array.from(this.#line));
    this.#line = [];
    if (this.#status === null) {
      // An empty line may be left over from whatever was said before.
      if (line !== "") this.#status = parseStatus(line);
    } else if (line === "") {
      if (!isInterim(this.#status)) return true;
      this.#status = null;
      this.#fields = [];
    } else if (/^[ \t]/.test(line) && this.#fields.length > 0) {
      this.#fields.push(`${this.#fields.pop()} ${line.replace(/^[ \t]+/, "")}`);
    } else {
      this.#fields.push(line);
    }
    return false;
  }

  #head(): AnswerHead {
    const headers = new Headers();
    for (const field of this.#fields) {
      const [, name, value] = FIELD_LINE.exec(field) ?? [];
      if (name === undefined || value === undefined)
        throw new TypeError("the answer has a line that is no field");
      headers.append(name, value);
    }
    const head = { status: this.#status ?? 0, headers };
    if (!isFramed(head)) throw new TypeError("the answer has a length that is none");
    return head;
  }
}

/** An answer with such a length is to be discarded, whatever else it says (RFC 9112 section 6.3). */
function isFramed({ status, headers }: AnswerHead): boolean {
  const length = headers.get(HEADER.contentLength);
  const hasNoBody = status < 200 || status === 204 || status === 304;
  if (length === null || hasNoBody || headers.has(HEADER.transferEncoding)) return true;
  return CONTENT_LENGTH.test(length);
}

function parseStatus(line: string): number {
  const [, status] = STATUS_LINE.exec(line) ?? [];
  if (status === undefined) throw new TypeError("the answer does not begin with a status line");
  return Number(status);
}

/** 101 is none: nothing comes after it, and nobody asked for it. */
function isInterim(status: number): boolean {
  return status < 200 && status !== 101;
}
