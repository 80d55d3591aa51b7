import type { SilenceWatch } from "../runtime/silence-watch.ts";

/** Replies are stored in such pieces, but for the last. */
const PIECE_BYTES = 1024 * 1024;
const READ_BYTES = 64 * 1024;

/** Where the pieces of a body go, which are not theirs to keep; false where there is no room for one. */
type Take = (bytes: Uint8Array) => boolean;

/** Gathers what comes in parts of any size into pieces that are worth a row each. */
class Pieces {
  readonly #take: Take;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #filled = 0;

  constructor(take: Take) {
    this.#take = take;
  }

  /** @returns false where there is no room for more */
  add(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.byteLength;) {
      const part = bytes.subarray(at, at + PIECE_BYTES - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.byteLength;
      at += part.byteLength;
      if (this.#filled === PIECE_BYTES && !this.end()) return false;
    }
    return true;
  }

  /** Hands over what has not been yet. */
  end(): boolean {
    const piece = this.#piece.subarray(0, this.#filled);
    this.#filled = 0;
    return piece.byteLength === 0 || this.#take(piece);
  }
}

/**
 * Takes the application's answer to its end; each byte of it is a sign of life.
 *
 * @returns false where it is more than there is room for
 * @throws where it breaks off before its end
 */
export async function takeBody(
  reader: ReadableStreamBYOBReader,
  take: Take,
  watch: SilenceWatch,
): Promise<boolean> {
  const pieces = new Pieces(take);
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(READ_BYTES));
    if (done) return pieces.end();
    watch.heard();
    if (!pieces.add(value)) return false;
  }
}
