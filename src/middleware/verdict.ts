import type { Fault } from "../protocol/faults.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { Answer } from "../protocol/session-answer.ts";

/**
 * Why a packet was refused: what the packet had, and what the edge would have taken. The operator reads it in the log; the
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
  /** Set if the client left inside its Fragment: nobody will read the Ack. */
  readonly clientLeft?: true;
  /** The evidence that only the check knows: what came, and what was allowed. For the log, never for the client. */
  readonly evidence?: Evidence;
  /** What broke on the way to an answer. For the log, never for the client. */
  readonly error?: Error;
}

/** The packet is accepted, and its Ack says no more than the status. */
export const SUCCESS: Verdict = { offset: null, fault: null };

/** A fault that says nothing of where the session stands. */
export function faultOnly(fault: Fault, evidence?: Evidence): Verdict {
  return evidence === undefined ? { offset: null, fault } : { offset: null, fault, evidence };
}
