/**
 * Bytes that have arrived and were not taken yet. Takes are exact; what is beyond them stays for the next
 * message, so that a server's surplus bytes are noticed and not swallowed.
 */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** Exactly `count` bytes; the caller has looked at `size` first. */
  take(count: number): Buffer {
    if (count > this.#size) throw new RangeError(`${count} bytes asked of ${this.#size}`);
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) throw new RangeError("the queue lost count of its bytes");
      if (chunk.length <= missing) {
        parts.push(chunk);
        this.#chunks.shift();
        missing -= chunk.length;
      } else {
        parts.push(chunk.subarray(0, missing));
        this.#chunks[0] = chunk.subarray(missing);
        missing = 0;
      }
    }
    this.#size -= count;
    const only = parts[0];
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  /** Everything up to and with the first `delimiter`, or undefined while it has not arrived. */
  takeThrough(delimiter: string): Buffer | undefined {
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = joined.length === 0 ? [] : [joined];
    const at = joined.indexOf(delimiter, 0, "latin1");
    return at < 0 ? undefined : this.take(at + Buffer.byteLength(delimiter, "latin1"));
  }
}
