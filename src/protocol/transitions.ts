import { lengthOf, type ContentRange } from "./content-range.ts";
import { type Fault, FAULTS } from "./faults.ts";

/**
 * Where an upload session stands. [MC-BUP] 3.2.5.1 draws INIT, RECEIVE_FRAGMENTS, NOTIFY,
 * WAIT_FOR_CLOSE and COMPLETE; ours has the commit's outcomes in their place.
 */
export type SessionState =
  | "new" // the id is genuine, nothing has been stored
  | "receiving" // some bytes are missing
  | "complete" // every byte is here, no commit was tried
  | "committing" // sealed; a request to the application is out, or was when the edge died
  | "failed" // the application refused or was silent; the bytes are kept
  | "refused" // … and said 403, which is final (ruling 17)
  | "held" // nobody knows whether it took the upload, and the operator is to decide (ruling 19)
  | "delivered" // the application has it; a reply waits, or the file is to be put at its destination
  | "committed" // a tombstone, as are the two below
  | "discarded" // closed before the last byte
  | "cancelled";

/**
 * What may happen to a session from outside: the packets, and *Complete*, the Fragment that leaves
 * nothing missing in a directory that commits there and not at Close-Session (rulings 14 and 15).
 */
export type SessionEvent = "Fragment" | "Complete" | "Close" | "Cancel";

export type Action =
  | "store" // the bytes that are new
  | "acknowledge" // nothing to do: say where the session stands
  | "commit" // seal, hand the upload to the application, answer with its result
  | "join" // wait for the commit that runs
  | "replay" // give the stored result again
  | "finish" // do what the application's acceptance left to do, then let go of everything
  | "discard" // nothing is published
  | "cancel" // delete everything
  | "deny"; // a session nobody knows (any more)

/** The specification of the session: a row a state, a column an event. Rulings 15 and 17 to 22. */
// prettier-ignore
export const TRANSITIONS: { readonly [state in SessionState]: { readonly [event in SessionEvent]: Action } } = {
  //            Fragment                   Complete              Close                Cancel
  new:        { Fragment: "store",         Complete: "deny",     Close: "discard",    Cancel: "cancel" },
  receiving:  { Fragment: "store",         Complete: "deny",     Close: "discard",    Cancel: "cancel" },
  complete:   { Fragment: "acknowledge",   Complete: "commit",   Close: "commit",     Cancel: "cancel" },
  committing: { Fragment: "acknowledge",   Complete: "join",     Close: "join",       Cancel: "join" },
  failed:     { Fragment: "acknowledge",   Complete: "commit",   Close: "commit",     Cancel: "cancel" },
  refused:    { Fragment: "acknowledge",   Complete: "replay",   Close: "replay",     Cancel: "cancel" },
  held:       { Fragment: "acknowledge",   Complete: "replay",   Close: "replay",     Cancel: "cancel" },
  delivered:  { Fragment: "acknowledge",   Complete: "replay",   Close: "finish",     Cancel: "cancel" },
  committed:  { Fragment: "acknowledge",   Complete: "replay",   Close: "replay",     Cancel: "acknowledge" },
  discarded:  { Fragment: "deny",          Complete: "deny",     Close: "replay",     Cancel: "acknowledge" },
  cancelled:  { Fragment: "deny",          Complete: "deny",     Close: "deny",       Cancel: "acknowledge" },
};

/** How far an upload has come: `offset` bytes, contiguous from 0, of `total`; null before the first Fragment. */
export interface Progress {
  readonly offset: number;
  readonly total: number | null;
}

/**
 * Whether a directory takes a Fragment of this size at all; asked before a byte of it is read.
 *
 * @param limits bytes: the largest upload of the directory, the largest single request of the edge
 * @returns 500 + BG_E_TOO_LARGE for the upload, 413 for the request (ruling 10), or null
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
 * What of a piece of `length` bytes at `first` is to be stored: it starts `skip` bytes in, 0 or more
 * bytes long. Overlap is trimmed, a gap is refused, a duplicate stores nothing (ruling 9).
 */
export function planPiece(
  progress: Progress,
  piece: { readonly first: number; readonly length: number; readonly total: number },
): { readonly skip: number } | Fault {
  if (progress.total !== null && piece.total !== progress.total) return FAULTS.totalChanged;
  if (piece.first > progress.offset) return FAULTS.offsetGap;
  return { skip: Math.min(progress.offset - piece.first, piece.length) };
}
