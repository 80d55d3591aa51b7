import { letGo } from "../runtime/let-go.ts";

/** The largest piece: an isolate of 128 MB serves many connections, and SQLite's rows end at 2 MB. */
export const PIECE_BYTES = 1024 * 1024;

/** Memory of whole pieces that is between two uses; new memory has to be zeroed by the system before the first. */
const spare: ArrayBuffer[] = [];
const MOST_SPARE = 8;

/** Memory for a piece of `length` bytes, with anything in it. */
export function take(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((length === PIECE_BYTES ? spare.pop() : undefined) ?? new ArrayBuffer(length));
}

/** The memory behind a piece that has been copied to where it is kept; nobody may use it any more. */
export function giveBack(piece: Uint8Array): void {
  const { buffer } = piece;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === PIECE_BYTES;
  if (isWhole && spare.length < MOST_SPARE) spare.push(buffer);
  else letGo(piece);
}
