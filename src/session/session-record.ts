import type { Fault } from "../protocol/faults.ts";
import { type CommitOutcome, reflect } from "../protocol/reflect.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { SessionState } from "../protocol/transfer.ts";
import type { UploadDirectory } from "../config.ts";

/** What a door knows of a packet that belongs to a session: whose, since when, and where to. */
export interface SessionPacket {
  readonly sessionId: SessionId;
  /** Milliseconds since 1970, from the session id. */
  readonly issuedAt: number;
  /** Path and query of the destination URL, as the client wrote them. */
  readonly destination: string;
  /** The destination URL as the client addressed it, absolute. */
  readonly originalUrl: string;
  readonly clientAddress: string | null;
}

/**
 * What a session stores beside its bytes: one row of JSON, written when the session changes its state
 * and not for each piece. docs/storage-schema.md lists the fields; a released version stays readable.
 */
export interface SessionRecord extends SessionPacket {
  readonly version: 1;
  /** `new`, `complete`, `refused` and `held` are not stored: `stateOf` derives them. */
  readonly state: "receiving" | "committing" | "failed" | "committed" | "discarded" | "cancelled";
  /** Milliseconds since 1970 of the last change of this record; a piece's own time may be later. */
  readonly changedAt: number;
  /** Length of the whole entity in bytes; null where no Fragment has said it. */
  readonly total: number | null;
  /** The outbox: null until the session was sealed. */
  readonly commit: CommitRecord | null;
}

interface CommitRecord {
  /** Sent as Idempotency-Key with every attempt, fixed for ever when the session is sealed. */
  readonly id: string;
  readonly attempts: number;
  /** True once an attempt ended, or the edge died, without anyone knowing what the application did. */
  readonly unknown: boolean;
  /** The last attempt's answer to the client; null for 200, and while no attempt has ended. */
  readonly fault: Fault | null;
}

/** After 403 a BITS client does not post again; the application is not asked again (ruling 17). */
const FINAL_STATUS = 403;

/**
 * Where a session stands.
 *
 * @param record null where nothing is stored
 * @param offset bytes that are stored, contiguous from 0
 * @param directory the session's, for what its operator wants with uploads of unknown outcome
 */
export function stateOf(
  record: SessionRecord | null,
  offset: number,
  directory: UploadDirectory | null,
): SessionState {
  if (record === null) return "new";
  if (record.state === "receiving" && offset === record.total) return "complete";
  if (record.state === "failed") {
    if (record.commit?.fault?.status === FINAL_STATUS) return "refused";
    if (record.commit?.unknown === true && holdsUnknown(directory)) return "held";
  }
  return record.state;
}

/** A PUT of a file may be repeated without harm; only an application that is notified can be told twice. */
function holdsUnknown(directory: UploadDirectory | null): boolean {
  return directory?.notification === "by-value" && directory.unknownOutcome === "hold";
}

/** The record of a session whose first Fragment, or only packet, has come. */
export function open(packet: SessionPacket, total: number | null, now: number): SessionRecord {
  const { sessionId, issuedAt, destination, originalUrl, clientAddress } = packet;
  return {
    version: 1,
    state: "receiving",
    sessionId,
    issuedAt,
    destination,
    originalUrl,
    clientAddress,
    changedAt: now,
    total,
    commit: null,
  };
}

/** The record before a request leaves for the application. `freshId` is used by the first attempt only. */
export function seal(record: SessionRecord, freshId: string, now: number): SessionRecord {
  const { id, attempts, unknown } = record.commit ?? { id: freshId, attempts: 0, unknown: false };
  return {
    ...record,
    state: "committing",
    changedAt: now,
    commit: { id, attempts: attempts + 1, unknown, fault: null },
  };
}

/** The record after an attempt: "committed" with success, "failed" with anything else. */
export function settle(record: SessionRecord, outcome: CommitOutcome, now: number): SessionRecord {
  const { id = "", attempts = 0, unknown = false } = record.commit ?? {};
  const fault = reflect(outcome);
  return {
    ...record,
    state: fault === null ? "committed" : "failed",
    changedAt: now,
    commit: {
      id,
      attempts,
      // A definite answer is about this attempt; an earlier one may still have arrived.
      unknown: fault !== null && (unknown || (outcome.kind === "silent" && outcome.mayHaveArrived)),
      fault,
    },
  };
}

/** The record of an attempt that nobody saw end, because the object that made it is gone. */
export function orphan(record: SessionRecord, now: number): SessionRecord {
  return settle(record, { kind: "silent", why: "connectionLost", mayHaveArrived: true }, now);
}

/** The tombstone of a session that ends without a commit. */
export function bury(record: SessionRecord, state: "discarded" | "cancelled", now: number): SessionRecord {
  return { ...record, state, changedAt: now };
}
