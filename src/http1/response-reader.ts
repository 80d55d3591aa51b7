import { CR, decodeText, LF } from "./wire-bytes.ts";
import { isFramed, type ResponseHead } from "./response-framing.ts";

/** No application sends a longer head, interim responses included. */
const MAXIMUM_BYTES = 64 * 1024;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/s;

/** The head of a response, and the bytes that arrived after it in the same push. */
export interface ReadAnswer {
  readonly head: ResponseHead;
  readonly rest: Uint8Array;
}

/**
 * Reads the head of a response from bytes pushed in any split (RFC 9112 sections 4 and 5). It takes from old applications
 * what the RFC lets a client take: no reason phrase, a bare LF at the end of a line (section 2.2), folded fields
 * (5.2). It skips interim responses (RFC 9110 section 15.2).
 */
export class AnswerReader {
  #bytes = 0;
  #line: number[] = [];
  #status: number | null = null;
  #fields: string[] = [];
  #interims = 0;

  /** How many interim answers have come: 100 says that the body may follow (RFC 9110 section 10.1.1). */
  get interims(): number {
    return this.#interims;
  }

  /**
   * @returns the head, once it is whole; null until then
   * @throws TypeError if these bytes are no response
   */
  push(bytes: Uint8Array): ReadAnswer | null {
    for (const [at, byte] of bytes.entries()) {
      if (++this.#bytes > MAXIMUM_BYTES) throw new TypeError("the head of the answer has no end");
      if (byte !== LF) this.#line.push(byte);
      else if (this.#endLine()) return { head: this.#head(), rest: bytes.subarray(at + 1) };
    }
    return null;
  }

  /** @returns whether it was the last line of the answer that counts */
  #endLine(): boolean {
    if (this.#line.at(-1) === CR) this.#line.pop();
    const line = decodeText(Uint8Array.from(this.#line));
    this.#line = [];
    if (this.#status === null) {
      // An empty line may be left over from the response before.
      if (line !== "") this.#status = parseStatus(line);
    } else if (line === "") {
      if (!isInterim(this.#status)) return true;
      this.#interims += 1;
      this.#status = null;
      this.#fields = [];
    } else if (/^[ \t]/.test(line) && this.#fields.length > 0) {
      this.#fields.push(`${this.#fields.pop()} ${line.replace(/^[ \t]+/, "")}`);
    } else {
      this.#fields.push(line);
    }
    return false;
  }

  #head(): ResponseHead {
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

function parseStatus(line: string): number {
  const [, status] = STATUS_LINE.exec(line) ?? [];
  if (status === undefined) throw new TypeError("the answer does not begin with a status line");
  return Number(status);
}

/** 101 is no interim response here: no other response follows it, and the edge never asks for an upgrade. */
function isInterim(status: number): boolean {
  return status < 200 && status !== 101;
}
