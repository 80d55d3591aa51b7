/**
 * How far a session at the origin's own BITS server has come, as the edge has it on disk (`handover = "bits"`). The edge
 * stores a stage before it sends the stage's packet. So a stage may say more than happened, and never says less.
 *
 * - filling: bytes are missing at the origin, and nothing of them counts;
 * - completing: the Fragment with the last byte may have arrived, and the origin's application may have been told;
 * - whole: the origin has acknowledged every byte, and no Close-Session was sent;
 * - closing: a Close-Session may have arrived;
 * - gone: the origin has forgotten the session after that, nothing says what became of the upload, and the operator
 *   does not want it sent again (`unknown_outcome = "hold"`).
 */
export type OriginStage = "filling" | "completing" | "whole" | "closing" | "gone";

/** A session at the origin's own BITS server, of which the edge is the client. */
export interface OriginSession {
  /** As the origin wrote it. */
  readonly id: string;
  /** Where its packets go. */
  readonly url: string;
  /** Next byte that the origin expects. */
  readonly offset: number;
  readonly stage: OriginStage;
  /** The origin's BITS-Reply-URL, as the client of the edge gets it; null if there is none, or not yet. */
  readonly replyUrl: string | null;
}

/**
 * Whether the origin's application may have the upload. If not, an attempt that ended without an answer was certainly not
 * accepted.
 */
export function mayCount(session: OriginSession | null): boolean {
  return session !== null && session.stage !== "filling";
}

/**
 * Whether the origin can still say what became of the upload: the edge has no sign that the origin forgot the session.
 */
export function canBeAsked(session: OriginSession | null): boolean {
  return session !== null && session.stage !== "gone";
}
