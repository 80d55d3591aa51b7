import { createHash } from "node:crypto";
import type { UploadSource } from "../support/upload-source.ts";

const CHUNK_BYTES = 1024 * 1024;
const BLOCK_BYTES = 64 * 1024;

/** Bytes from nowhere: nearly all are zeros, and each block of 64 KiB begins with its own offset, so that a shift shows. */
export function generatedSource(size: number): UploadSource {
  return { name: "upload.bin", size, read: generate };
}

async function* generate(first: number, length: number): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let at = first; at < first + length;) {
    const start = at - (at % CHUNK_BYTES);
    for (let block = 0; block < CHUNK_BYTES; block += BLOCK_BYTES)
      chunk.writeBigUInt64BE(BigInt(start + block), block);
    const end = Math.min(start + CHUNK_BYTES, first + length);
    yield chunk.subarray(at - start, end - start);
    at = end;
  }
}

/** SHA-256 of all of it, hexadecimal. */
export async function sha256Of(source: UploadSource): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of source.read(0, source.size)) hash.update(chunk);
  return hash.digest("hex");
}
