import { type Fault, FAULTS } from "./faults.ts";
import { HELD, reflect } from "./reflect.ts";
import type { SessionState } from "./transitions.ts";
import type { SessionRecord } from "./session-record.ts";

/** What the session says to a packet; the door makes an Ack of it. */
export interface Answer {
  /** Next byte that a Fragment may start at; null where the session is not known. */
  readonly offset: number | null;
  /** Null on success. */
  readonly fault: Fault | null;
  /** Where the application's reply is, for the Ack of the Fragment that completes an upload-reply. */
  readonly replyUrl?: string | null;
}

export const UNKNOWN: Answer = { offset: null, fault: FAULTS.sessionUnknown };

/** The commit goes on, and a later Close-Session joins it: the client is told to come back (ruling 16). */
export const STILL_RUNNING: Answer = {
  offset: null,
  fault: reflect({ kind: "silent", why: "timedOut", mayHaveArrived: true }),
};

/** What a session that has ended, or a commit that has, says again and again (rulings 17 to 20). */
export function resultOf(state: SessionState, record: SessionRecord | null): Answer {
  const fault = record?.commit?.fault ?? null;
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
