import { type Fault, FAULTS } from "./faults.ts";
import { HELD, SILENCES } from "./reflect.ts";
import type { SessionState } from "./transitions.ts";
import type { SessionRecord } from "./session-record.ts";

/** What the session says to a packet; the middleware makes an Ack of it. */
export interface Answer {
  /** Next byte that a Fragment may start at; null if the session is not known. */
  readonly offset: number | null;
  /** Null on success. */
  readonly fault: Fault | null;
  /** URL of the application's reply, for the Ack of the Fragment that completes an upload-reply. */
  readonly replyUrl?: string | null;
}

/** The answer for a session that the edge does not know, or no longer knows. */
export const UNKNOWN: Answer = { offset: null, fault: FAULTS.sessionUnknown };

/** The answer to a client that has waited long enough for a commit that goes on: a later Close-Session joins it. */
export const STILL_RUNNING: Answer = { offset: null, fault: SILENCES.timedOut };

/**
 * The answer that a session, or a commit, gives again and again once it has ended.
 * Ruling 17, a failed commit leaves the session whole; 18, success is never run again; 19, outcome unknown; 20,
 * Close-Session before the last byte.
 */
export function resultOf(state: SessionState, record: SessionRecord | null): Answer {
  const fault = record?.commit?.fault;
  switch (state) {
    case "delivered":
    case "committed":
      return { offset: null, fault: null };
    case "held":
      return { offset: null, fault: HELD };
    case "discarded":
      return { offset: null, fault: fault ?? FAULTS.closedTooEarly };
    case "cancelled":
      return UNKNOWN;
    case "new":
    case "receiving":
    case "complete":
    case "committing":
    case "orphaned":
    case "failed":
    case "refused":
      return { offset: null, fault: fault ?? FAULTS.edgeFailed };
  }
}
