import type { BodyCursor } from "../http1/body-cursor.ts";
import { Refusal } from "../http1/refusals.ts";
import type { Wire } from "./wire.ts";

/** A view, and what is in it. */
export interface Filled {
  readonly view: Uint8Array<ArrayBuffer>;
  /** How many bytes from the view's start are the body's. */
  readonly bytes: number;
}

/** The buffer of a body's second read. Later buffers double, up to the size of a fast read (`Wire.isFast`). */
const LEAST_SPARE_BYTES = 8_192;
const MOST_SPARE_BYTES = 65_536;

const CLOSED = "the client closed the connection inside the body";

/** The error that a body's consumer gets if the client, not the app, is at fault. */
export class BodyLost extends Error {
  override readonly name = "BodyLost";
  /** Set where the bytes were malformed; unset where they stopped coming. */
  readonly refusal: Refusal | null;

  constructor(message: string, refusal: Refusal | null = null, options?: ErrorOptions) {
    super(message, options);
    this.refusal = refusal;
  }
}

/**
 * Reads a body's bytes from the wire into its consumer's buffers. If the client disconnects, the bytes that arrived come
 * first: the read that is cut short gives them, and `failure` says why no more come.
 */
export class BodyFiller {
  readonly #wire: Wire;
  readonly #cursor: BodyCursor;
  readonly #idleTimeoutSeconds: number;
  #failure: BodyLost | null = null;
  /** A buffer of our own, see `#readData`. */
  #spare: ArrayBuffer | null = null;
  #spareBytes = LEAST_SPARE_BYTES;

  constructor(wire: Wire, cursor: BodyCursor, idleTimeoutSeconds: number) {
    this.#wire = wire;
    this.#cursor = cursor;
    this.#idleTimeoutSeconds = idleTimeoutSeconds;
  }

  /** Why no more of the body can be read, if so. */
  get failure(): BodyLost | null {
    return this.#failure;
  }

  /**
   * Fills `view` until `atLeast` bytes are in it, or the body ends or fails; the bytes that it gives count in each
   * case.
   */
  async fill(view: Uint8Array<ArrayBuffer>, atLeast: number): Promise<Filled> {
    // Read now: a view has no length once its buffer was handed to a read.
    const enough = Math.min(atLeast, view.byteLength);
    let filled: Filled = { view, bytes: 0 };
    while (filled.bytes < enough && !this.#cursor.isAtEnd && this.#failure === null) {
      try {
        if (this.#cursor.dataAhead === 0) await this.#readFraming();
        else {
          const before = filled.bytes;
          filled = await this.#readData(filled);
          if (filled.bytes === before) throw new BodyLost(CLOSED);
          this.#cursor.took(filled.bytes - before);
        }
      } catch (cause) {
        if (filled.view.buffer.detached) filled = { view: filled.view, bytes: 0 };
        this.#failure =
          cause instanceof BodyLost ? cause : new BodyLost("the connection was lost", null, { cause });
      }
    }
    return filled;
  }

  /**
   * One read of data. A read that fails takes its buffer with it, and the bytes in the buffer. So the first read goes straight
   * into the consumer's buffer. On a fast link the later reads do too: lost bytes are soon sent again there. On a slow link
   * the later reads go through a small buffer of our own, and no byte that arrived is lost.
   */
  async #readData({ view, bytes }: Filled): Promise<Filled> {
    const wanted = Math.min(view.byteLength - bytes, this.#cursor.dataAhead);
    if (bytes === 0 || this.#wire.isFast) {
      const { byteOffset, byteLength } = view;
      const read = await this.#wire.readInto(view.subarray(bytes, bytes + wanted), this.#idleTimeoutSeconds);
      return {
        view: new Uint8Array(read.view.buffer, byteOffset, byteLength),
        bytes: bytes + read.bytes,
      };
    }
    const size = this.#spareBytes;
    if (this.#spare?.byteLength !== size) this.#spare = new ArrayBuffer(size);
    const space = new Uint8Array(this.#spare, 0, Math.min(wanted, size));
    const read = await this.#wire.readInto(space, this.#idleTimeoutSeconds);
    this.#spare = read.view.buffer;
    // A client that fills its buffer gets twice as much next time; a client that dribbles keeps the small one.
    if (read.bytes === size) this.#spareBytes = Math.min(size * 2, MOST_SPARE_BYTES);
    view.set(read.view.subarray(0, read.bytes), bytes);
    return { view, bytes: bytes + read.bytes };
  }

  async #readFraming(): Promise<void> {
    const bytes = await this.#wire.read(this.#idleTimeoutSeconds);
    if (bytes === null) throw new BodyLost(CLOSED);
    const used = this.#cursor.readFraming(bytes);
    if (used instanceof Refusal) throw new BodyLost(used.reason, used);
    this.#wire.unread(bytes.subarray(used));
  }
}
