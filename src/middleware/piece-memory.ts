import { letGo } from "../runtime/let-go.ts";

/** The largest piece: an isolate of 128 MB serves many connections, and SQLite's rows end at 2 MB. */
export const PIECE_BYTES = 1024 * 1024;

/** Buffers of whole pieces, kept for the next use: the system has to fill new memory with zeros first. */
const spare: ArrayBuffer[] = [];
const MOST_SPARE = 8;

/** A buffer for a piece of `length` bytes; it may hold bytes of an earlier piece. */
export function takeBuffer(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((length === PIECE_BYTES ? spare.pop() : undefined) ?? new ArrayBuffer(length));
}

/** Takes back the buffer of a piece that has been copied; nobody may use the buffer afterwards. */
export function returnBuffer(piece: Uint8Array): void {
  const { buffer } = piece;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === PIECE_BYTES;
  if (isWhole && spare.length < MOST_SPARE) spare.push(buffer);
  else letGo(piece);
}
