/**
 * SHA-256 of an upload, computed as its bytes arrive, so that a commit need not read them twice. The
 * native stream keeps its state to itself: an object that has been evicted in between has to read what it
 * stores once more (`digestOf`). docs/decisions/0006 has the measurements.
 */
export class EntityDigest {
  #stream: DigestStream | null = null;
  #writer: WritableStreamDefaultWriter<ArrayBuffer | ArrayBufferView> | null = null;
  #length = 0;

  /**
   * Bytes that were appended at `offset`; a gap makes this digest useless, not wrong. Resolves when they have been
   * read, so that their memory may go.
   */
  async append(offset: number, bytes: Uint8Array): Promise<void> {
    if (offset !== this.#length) return;
    this.#length += bytes.byteLength;
    if (this.#writer === null) {
      this.#stream = new crypto.DigestStream("SHA-256");
      this.#writer = this.#stream.getWriter();
    }
    await this.#writer.write(bytes);
  }

  /** The digest of the first `length` bytes, base64; null where this instance has not seen just those. */
  async finish(length: number): Promise<string | null> {
    if (this.#stream === null || this.#writer === null || this.#length !== length) return null;
    await this.#writer.close();
    const digest = await this.#stream.digest;
    this.#stream = null;
    this.#writer = null;
    return toBase64(digest);
  }
}

/** SHA-256 of bytes that are stored, base64. */
export async function digestOf(bytes: Iterable<Uint8Array>): Promise<string> {
  const stream = new crypto.DigestStream("SHA-256");
  const writer = stream.getWriter();
  for (const piece of bytes) await writer.write(piece);
  await writer.close();
  return toBase64(await stream.digest);
}

function toBase64(digest: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
