import { createHash } from "node:crypto";

/** Deterministic bytes in which no piece is like another. */
export function contentOf(size: number, seed: string): Buffer {
  return size === 0 ? Buffer.alloc(0) : createHash("shake256", { outputLength: size }).update(seed).digest();
}

/** In hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
