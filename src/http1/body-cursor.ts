import { DEFAULT_HEAD_LIMITS } from "./head-limits.ts";
import { parseFieldLine } from "./request-lines.ts";
import { REFUSALS, Refusal } from "./refusals.ts";
import { CR, isFieldByte, LF } from "./wire-bytes.ts";

/** How many bytes chunked framing may spend beside the data. */
export interface ChunkedLimits {
  /** The extensions of one chunk. No known client sends any; attackers hid requests in long ones. */
  readonly maximumExtensionBytes: number;
  /** The extensions of a whole body, so that many one-byte chunks cannot multiply the limit of one chunk. */
  readonly maximumExtensionBytesOfBody: number;
  readonly maximumTrailerBytes: number;
  readonly maximumTrailerFields: number;
}

export const DEFAULT_CHUNKED_LIMITS: ChunkedLimits = {
  maximumExtensionBytes: 256,
  maximumExtensionBytesOfBody: 16_384,
  maximumTrailerBytes: 8_192,
  maximumTrailerFields: DEFAULT_HEAD_LIMITS.maximumFields,
};

/**
 * How a body's bytes lie on the wire. The owner of the cursor moves the data itself, from the socket into its reader's
 * buffer. While `dataAhead` is not zero, the next bytes on the wire are data, and the owner says how many it `took`.
 * Otherwise, until `isAtEnd`, the next bytes are framing and go through `readFraming`.
 */
export interface BodyCursor {
  /** How many of the next bytes on the wire are known to be data. */
  readonly dataAhead: number;
  /** Whether the body, trailer included, is over and the next byte belongs to the next request. */
  readonly isAtEnd: boolean;
  /** `bytes` (at most `dataAhead`) of data were taken off the wire. */
  took(bytes: number): void;
  /** Reads framing. Gives how many of `bytes` were framing (fewer than all if data or the end follows), or a refusal. */
  readFraming(bytes: Uint8Array): number | Refusal;
}

/** A body of known length: all data, no framing. */
export class LengthCursor implements BodyCursor {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get dataAhead(): number {
    return this.#left;
  }

  get isAtEnd(): boolean {
    return this.#left === 0;
  }

  took(bytes: number): void {
    this.#left -= bytes;
  }

  readFraming(): number {
    return 0;
  }
}

type State =
  "size" | "extension" | "sizeEnd" | "data" | "dataCr" | "dataLf" | "trailer" | "trailerLf" | "end";

const MAXIMUM_SIZE_DIGITS = 16;

/**
 * chunked-body = *chunk last-chunk trailer-section CRLF (RFC 9112 section 7.1). Stricter than the grammar in one
 * place: no whitespace beside the size (BWS before an extension). Trailer fields have to be well formed,
 * and are dropped, as section 7.1.2 allows.
 */
export class ChunkedCursor implements BodyCursor {
  readonly #limits: ChunkedLimits;
  #state: State = "size";
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  #extensionBytesOfBody = 0;
  #trailerLine: number[] = [];
  #trailerBytes = 0;
  #trailerFields = 0;

  constructor(limits: ChunkedLimits = DEFAULT_CHUNKED_LIMITS) {
    this.#limits = limits;
  }

  get dataAhead(): number {
    return this.#state === "data" ? this.#size : 0;
  }

  get isAtEnd(): boolean {
    return this.#state === "end";
  }

  took(bytes: number): void {
    this.#size -= bytes;
    if (this.#size === 0) this.#state = "dataCr";
  }

  readFraming(bytes: Uint8Array): number | Refusal {
    for (let at = 0; at < bytes.byteLength; at++) {
      if (this.#state === "data" || this.#state === "end") return at;
      const refusal = this.#step(bytes[at] ?? 0);
      if (refusal !== null) return refusal;
    }
    return bytes.byteLength;
  }

  #step(byte: number): Refusal | null {
    switch (this.#state) {
      case "size":
        return this.#readSize(byte);
      case "extension":
        return this.#readExtension(byte);
      case "sizeEnd":
        return this.#expect(byte, LF, this.#size === 0 ? "trailer" : "data", REFUSALS.bareCarriageReturn);
      case "dataCr":
        return this.#expect(byte, CR, "dataLf", REFUSALS.chunkEnd);
      case "dataLf":
        return this.#expect(byte, LF, "size", REFUSALS.chunkEnd);
      case "trailer":
        return this.#readTrailer(byte);
      case "trailerLf":
        return byte === LF ? this.#endTrailerLine() : REFUSALS.trailer;
      default:
        return null;
    }
  }

  #expect(byte: number, wanted: number, next: State, otherwise: Refusal): Refusal | null {
    if (byte !== wanted) return otherwise;
    this.#state = next;
    this.#digits = 0;
    this.#extensionBytes = 0;
    return null;
  }

  #readSize(byte: number): Refusal | null {
    const digit = hexDigit(byte);
    if (digit !== -1) {
      if (this.#digits === 0) this.#size = 0;
      this.#digits++;
      this.#size = this.#size * 16 + digit;
      const tooLarge = this.#digits > MAXIMUM_SIZE_DIGITS || !Number.isSafeInteger(this.#size);
      return tooLarge ? REFUSALS.chunkSize : null;
    }
    if (this.#digits === 0) return REFUSALS.chunkSize;
    if (byte === CR) this.#state = "sizeEnd";
    else if (byte === 0x3b) this.#state = "extension";
    else return byte === LF ? REFUSALS.bareLineFeed : REFUSALS.chunkSize;
    return null;
  }

  #readExtension(byte: number): Refusal | null {
    if (byte === CR) {
      this.#state = "sizeEnd";
      return null;
    }
    this.#extensionBytes++;
    this.#extensionBytesOfBody++;
    const { maximumExtensionBytes, maximumExtensionBytesOfBody } = this.#limits;
    const tooLong =
      this.#extensionBytes > maximumExtensionBytes ||
      this.#extensionBytesOfBody > maximumExtensionBytesOfBody;
    return tooLong || !isFieldByte(byte) ? REFUSALS.chunkExtension : null;
  }

  #readTrailer(byte: number): Refusal | null {
    if (++this.#trailerBytes > this.#limits.maximumTrailerBytes) return REFUSALS.trailer;
    if (byte === CR) this.#state = "trailerLf";
    else if (isFieldByte(byte)) this.#trailerLine.push(byte);
    else return REFUSALS.trailer;
    return null;
  }

  #endTrailerLine(): Refusal | null {
    const line = Uint8Array.from(this.#trailerLine);
    this.#trailerLine = [];
    if (line.byteLength === 0) {
      this.#state = "end";
      return null;
    }
    this.#state = "trailer";
    const tooMany = ++this.#trailerFields > this.#limits.maximumTrailerFields;
    return tooMany || parseFieldLine(line, 0, line.byteLength) instanceof Refusal ? REFUSALS.trailer : null;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}
