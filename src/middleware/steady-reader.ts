import type { BodyReader } from "../ingress/arrival.ts";

/** A read that breaks loses so many bytes at most. Larger reads would bring a body in no faster. */
const READ_BYTES = 64 * 1024;

/**
 * A reader of `request.body` that gives the bytes that came before a connection broke, as the TCP door's own reader does. A
 * read that breaks keeps its buffer and the bytes in it (WHATWG Streams 4.5.3: `read(view)` transfers the buffer). So each
 * read gets a small buffer, at the price of a copy.
 */
export class SteadyReader implements BodyReader {
  readonly #reader: BodyReader;
  /** Null after a read that broke. */
  #memory: ArrayBuffer | null = new ArrayBuffer(READ_BYTES);

  constructor(reader: BodyReader) {
    this.#reader = reader;
  }

  /** @returns fewer than `minimum` bytes only if the body has ended, or the connection has broken; it never rejects */
  async readAtLeast<View extends ArrayBufferView>(
    minimum: number,
    view: View,
  ): Promise<ReadableStreamReadResult<View>> {
    const { buffer, byteOffset, byteLength } = view;
    const space = new Uint8Array(buffer, byteOffset, byteLength);
    let filled = 0;
    while (filled < minimum) {
      const bytes = await this.#read(byteLength - filled);
      if (bytes === null) break;
      space.set(bytes, filled);
      filled += bytes.byteLength;
    }
    if (filled === 0) return { done: true };
    return { done: false, value: space.subarray(0, filled) as ArrayBufferView as View };
  }

  releaseLock(): void {
    this.#reader.releaseLock();
  }

  /** The next bytes, `most` of them at most, valid until the next read; null at the end of the body. */
  async #read(most: number): Promise<Uint8Array | null> {
    if (this.#memory === null) return null;
    const room = new Uint8Array(this.#memory, 0, Math.min(most, this.#memory.byteLength));
    this.#memory = null;
    const read = await this.#reader.readAtLeast(1, room).catch(() => null);
    if (read?.value === undefined || read.value.byteLength === 0) return null;
    this.#memory = read.value.buffer;
    return read.value;
  }
}
