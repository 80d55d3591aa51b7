import { type ContentRange, lengthOf } from "./content-range.ts";
import { type Fault, FAULTS } from "./faults.ts";

/** How far an upload has come: `offset` bytes, contiguous from 0, of `total`; null before the first Fragment. */
export interface Progress {
  readonly offset: number;
  readonly total: number | null;
}

/**
 * Says whether a directory takes a Fragment of this size at all. The edge asks before it reads a byte of the body.
 *
 * @param limits bytes: the largest upload of the directory, the largest single request of the edge
 * @returns 500 + BG_E_TOO_LARGE for the upload, 413 for the request (ruling 10, limits of size), or null
 */
export function refuseBySize(
  range: ContentRange,
  limits: { readonly maximumUploadBytes: number; readonly maximumFragmentBytes: number },
): Fault | null {
  if (range.total > limits.maximumUploadBytes) return FAULTS.uploadTooLarge;
  if (lengthOf(range) > limits.maximumFragmentBytes) return FAULTS.fragmentTooLarge;
  return null;
}

/**
 * Says which bytes of a piece are new. Overlap is trimmed, a gap is refused, and a duplicate stores nothing (ruling 9,
 * overlap is trimmed).
 *
 * @param piece `length` bytes that begin at byte `first` of the entity
 * @returns how many of the piece's bytes to skip, or the fault
 */
export function planPiece(
  progress: Progress,
  piece: { readonly first: number; readonly length: number; readonly total: number },
): { readonly skip: number } | Fault {
  if (progress.total !== null && piece.total !== progress.total) return FAULTS.totalChanged;
  if (piece.first > progress.offset) return FAULTS.offsetGap;
  return { skip: Math.min(progress.offset - piece.first, piece.length) };
}
