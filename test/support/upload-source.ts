import { createHash, createHmac } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";

/** What is uploaded: its name, its size, and its bytes from any offset, without the whole in memory. */
export interface UploadSource {
  readonly name: string;
  readonly size: number;
  /**
   * The bytes from `first`, `length` of them, in chunks of any size. A chunk is the consumer's until it asks
   * for the next one; then its memory is used again.
   */
  read(first: number, length: number): AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 1 << 20;

/** A file on disk, read ahead by one chunk so that disk and socket work at the same time. */
export async function fileSource(path: string): Promise<UploadSource> {
  const { size: fileSize } = await stat(path);
  async function* read(first: number, length: number): AsyncGenerator<Uint8Array> {
    if (length === 0) return;
    const file = await open(path);
    try {
      const size = Math.min(CHUNK_BYTES, length);
      const buffers = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)];
      const fill = async (turn: number, position: number): Promise<Uint8Array> => {
        const wanted = Math.min(size, first + length - position);
        const buffer = buffers[turn % 2] ?? Buffer.allocUnsafe(size);
        const { bytesRead } = await file.read(buffer, 0, wanted, position);
        if (bytesRead === 0) throw new Error(`${path} ends before offset ${first + length}`);
        return buffer.subarray(0, bytesRead);
      };
      let position = first;
      let next = fill(0, position);
      for (let turn = 1; position < first + length; turn++) {
        const chunk = await next;
        position += chunk.length;
        if (position < first + length) next = fill(turn, position);
        // Its failure is seen at the next turn; a consumer that stops here leaves nothing unhandled.
        next.catch(() => {});
        yield chunk;
      }
      await next;
    } finally {
      await file.close();
    }
  }
  return { name: basename(path), size: fileSize, read };
}

/**
 * `size` bytes that are the same for the same `seed`. They repeat with a period that is a prime just under
 * 1 MiB, so that pieces which change places, or are stored twice, change the content.
 */
export function patternSource(size: number, seed = "bits", name = `${seed}-${size}.bin`): UploadSource {
  const period = 1_048_573;
  const block = Buffer.alloc(period);
  for (let at = 0; at < period; at += 32) {
    createHmac("sha256", seed).update(String(at)).digest().copy(block, at);
  }
  async function* read(first: number, length: number): AsyncGenerator<Uint8Array> {
    for (let position = first; position < first + length;) {
      const from = position % period;
      const chunk = block.subarray(from, Math.min(period, from + first + length - position));
      yield chunk;
      position += chunk.length;
    }
  }
  return { name, size, read };
}

/** SHA-256 of a source in lower-case hex. */
export async function sha256Of(source: UploadSource): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of source.read(0, source.size)) hash.update(chunk);
  return hash.digest("hex");
}
