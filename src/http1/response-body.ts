import { decodeText, LF } from "./wire-bytes.ts";
import { isChunked, lengthOfBody, type ResponseHead } from "./response-framing.ts";

/** No line of a chunk's size, or of a trailer field, is as long as this. */
const MAXIMUM_LINE_BYTES = 16 * 1024;
/** A chunk's size. An extension may follow it, or the spaces with which old servers fill up the line. */
const CHUNK_SIZE = /^[0-9a-f]{1,13}(?=[ \t]*(?:;|$))/i;

/**
 * Reads the body of an answer from bytes pushed in any split (RFC 9112 sections 6.3 and 7.1): by its length, in chunks,
 * or to the end of its connection.
 */
export interface AnswerBody {
  /** Whether the body's last byte was pushed; later bytes are dropped. */
  readonly isOver: boolean;
  /** Whether the end of the connection is the end of the body, and so no loss. */
  readonly endsWithConnection: boolean;
  /**
   * @returns the content in `bytes`, without the framing; parts of `bytes`, not copies
   * @throws TypeError if the framing is broken
   */
  push(bytes: Uint8Array): Uint8Array[];
}

/** The body that follows `head`, which answers a request whose method has one (not HEAD). */
export function bodyOf(head: ResponseHead): AnswerBody {
  const length = lengthOfBody(head);
  if (length !== null) return new CountedBody(length);
  return isChunked(head) ? new ChunkedBody() : new UncountedBody();
}

class CountedBody implements AnswerBody {
  readonly endsWithConnection = false;
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get isOver(): boolean {
    return this.#left === 0;
  }

  push(bytes: Uint8Array): Uint8Array[] {
    const content = bytes.subarray(0, this.#left);
    this.#left -= content.byteLength;
    return content.byteLength === 0 ? [] : [content];
  }
}

class UncountedBody implements AnswerBody {
  readonly isOver = false;
  readonly endsWithConnection = true;

  push(bytes: Uint8Array): Uint8Array[] {
    return bytes.byteLength === 0 ? [] : [bytes];
  }
}

/** What the next line is: a chunk's size, the empty one behind its data, or a trailer field. */
type Line = "size" | "data-end" | "trailer";

class ChunkedBody implements AnswerBody {
  readonly endsWithConnection = false;
  isOver = false;
  /** Bytes of data that come before the next line. */
  #left = 0;
  #next: Line = "size";
  #line: number[] = [];

  push(bytes: Uint8Array): Uint8Array[] {
    const content: Uint8Array[] = [];
    for (let at = 0; at < bytes.byteLength && !this.isOver;) {
      if (this.#left > 0) {
        const data = bytes.subarray(at, at + this.#left);
        content.push(data);
        this.#left -= data.byteLength;
        at += data.byteLength;
        continue;
      }
      const byte = bytes[at++] ?? 0;
      if (byte === LF) this.#endLine();
      else if (this.#line.push(byte) > MAXIMUM_LINE_BYTES) throw new TypeError("a chunk's line has no end");
    }
    return content;
  }

  #endLine(): void {
    const line = decodeText(Uint8Array.from(this.#line)).replace(/\r$/, "");
    this.#line = [];
    if (this.#next === "trailer") {
      this.isOver = line === "";
    } else if (this.#next === "data-end") {
      if (line !== "") throw new TypeError("a chunk is longer than its size");
      this.#next = "size";
    } else {
      const [size] = CHUNK_SIZE.exec(line) ?? [];
      if (size === undefined) throw new TypeError("the size of a chunk is none");
      this.#left = Number.parseInt(size, 16);
      this.#next = this.#left === 0 ? "trailer" : "data-end";
    }
  }
}
