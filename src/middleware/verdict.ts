import type { Fault } from "../protocol/faults.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { Answer } from "../protocol/session-answer.ts";

/**
 * Why a packet was refused: what it brought, and what would have been taken. The operator reads it in the log; the
 * client gets the fault alone.
 */
export interface Evidence {
  readonly got: string | number | null;
  readonly allowed: string | number | null;
}

/** What the edge decides about a packet: the session's answer, and what the Ack and the log say beside it. */
export interface Verdict extends Answer {
  /** The session that Create-Session made. */
  readonly created?: SessionId;
  /** Where the client is to send the session's later packets; Create-Session's Ack only. */
  readonly host?: { readonly id: string; readonly fallbackTimeoutSeconds: number } | null;
  /** The origin's challenges, for an Ack of 401. */
  readonly challenges?: readonly string[];
  /** Set where the client left inside its Fragment: nobody will read the Ack. */
  readonly clientLeft?: true;
  /** What was got and what was allowed, where only the check knows it. For the log, never for the client. */
  readonly evidence?: Evidence;
  /** What broke on the way to an answer. For the log, never for the client. */
  readonly error?: Error;
}

/** Nothing to object, and nothing to say beside the status. */
export const SUCCESS: Verdict = { offset: null, fault: null };

/** A fault that says nothing of where the session stands. */
export function faultOnly(fault: Fault, evidence?: Evidence): Verdict {
  return evidence === undefined ? { offset: null, fault } : { offset: null, fault, evidence };
}
