import type { Fault } from "./faults.ts";
import { type Acceptance, type CommitOutcome, reflect } from "./reflect.ts";
import type { SessionId } from "./session-id.ts";
import type { SessionState } from "./transitions.ts";

/** What the machine asks of a directory's settings; `UploadDirectory` has them. */
export interface DirectoryRules {
  readonly notification: "none" | "by-value" | "by-reference";
  readonly reply: boolean;
  readonly unknownOutcome: "retry" | "hold";
}

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
  /** SHA-256 of the whole entity that the client announced, base64; null where it did not (RFC 9530). */
  readonly expectedDigest: string | null;
}

/**
 * What a session stores beside its bytes: one row of JSON, written when the session changes its state
 * and not for each piece. docs/storage-schema.md lists the fields; a released version stays readable.
 */
export interface SessionRecord extends SessionPacket {
  readonly version: 1;
  /** `new`, `complete`, `refused` and `held` are not stored: `stateOf` derives them. */
  readonly state:
    "receiving" | "committing" | "failed" | "delivered" | "committed" | "discarded" | "cancelled";
  /** Milliseconds since 1970 of the last change of this record; a piece's own time may be later. */
  readonly changedAt: number;
  /** Length of the whole entity in bytes; null where no Fragment has said it. */
  readonly total: number | null;
  /** SHA-256 of the whole entity, base64; null until the session was sealed. */
  readonly digest: string | null;
  /** The outbox: null until the session was sealed. */
  readonly commit: CommitRecord | null;
  /** What the application's acceptance left to do; null until it accepted. */
  readonly delivery: Delivery | null;
}

/** An upload that a notified application has taken. */
interface Delivery {
  readonly at: number;
  /** The file is to be put at the destination when the session is closed. */
  readonly copyToDestination: boolean;
  /** Upload-reply: kept by the session, or the URL of a reply that is elsewhere. */
  readonly reply: "stored" | { readonly url: string } | null;
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
  directory: DirectoryRules | null,
): SessionState {
  if (record === null) return "new";
  if (record.state === "receiving" && offset === record.total) return "complete";
  if (record.state === "failed") {
    if (isFinal(record)) return "refused";
    if (record.commit?.unknown === true && holdsUnknown(directory)) return "held";
  }
  return record.state;
}

/** A PUT of a file may be repeated without harm; only an application that is notified can be told twice. */
function holdsUnknown(directory: DirectoryRules | null): boolean {
  return directory !== null && directory.notification !== "none" && directory.unknownOutcome === "hold";
}

/** After 403 a BITS client does not post again, and the application is not asked again (ruling 17). */
export function isFinal(record: SessionRecord): boolean {
  return record.commit?.fault?.status === 403;
}

/** The record of a session whose first Fragment, or only packet, has come. */
export function open(packet: SessionPacket, total: number | null, now: number): SessionRecord {
  const { sessionId, issuedAt, destination, originalUrl, clientAddress, expectedDigest } = packet;
  return {
    version: 1,
    state: "receiving",
    sessionId,
    issuedAt,
    destination,
    originalUrl,
    clientAddress,
    expectedDigest,
    changedAt: now,
    total,
    digest: null,
    commit: null,
    delivery: null,
  };
}

/** The record before a request leaves for the application. `freshId` is used by the first attempt only. */
export function seal(record: SessionRecord, digest: string, freshId: string, now: number): SessionRecord {
  const { id, attempts, unknown } = record.commit ?? { id: freshId, attempts: 0, unknown: false };
  const commit = { id, attempts: attempts + 1, unknown, fault: null };
  return { ...record, state: "committing", changedAt: now, digest, commit };
}

/**
 * The record after an attempt. The first that is accepted is the application's; where it leaves
 * something to do, the session is "delivered", and the next is the file's way to its destination.
 */
export function settle(
  record: SessionRecord,
  outcome: CommitOutcome,
  directory: DirectoryRules,
  now: number,
): SessionRecord {
  const { id = "", attempts = 0, unknown = false } = record.commit ?? {};
  const fault = reflect(outcome);
  const base = { ...record, changedAt: now };
  if (outcome.kind === "accepted") {
    const delivery = record.delivery === null ? deliveryOf(outcome, directory, now) : null;
    // The file's own way is another request than the notification: it starts with a key of its own.
    if (delivery !== null) return { ...base, commit: null, delivery, state: "delivered" };
    return { ...base, commit: { id, attempts, unknown: false, fault: null }, delivery, state: "committed" };
  }
  // A definite answer is about this attempt; an earlier one may still have arrived.
  const maybe = unknown || mayHaveArrived(outcome);
  const commit = { id, attempts, unknown: maybe, fault };
  return { ...base, commit, state: record.delivery === null ? "failed" : "delivered" };
}

/** A gateway before the application speaks for itself when it says 502 or 504: the application may have it. */
function mayHaveArrived(outcome: CommitOutcome): boolean {
  if (outcome.kind === "silent") return outcome.mayHaveArrived;
  return outcome.kind === "refused" && (outcome.status === 502 || outcome.status === 504);
}

/** What an acceptance leaves for Close-Session; null where it leaves nothing. */
function deliveryOf(
  { copyToDestination, staticReplyUrl }: Acceptance,
  { notification, reply }: DirectoryRules,
  now: number,
): Delivery | null {
  if (notification === "none" || (!reply && !copyToDestination)) return null;
  const where = staticReplyUrl === null ? "stored" : { url: staticReplyUrl };
  return { at: now, copyToDestination, reply: reply ? where : null };
}

/** The record of an attempt that nobody saw end, because the object that made it is gone. */
export function orphan(record: SessionRecord, directory: DirectoryRules, now: number): SessionRecord {
  return settle(record, { kind: "silent", why: "connectionLost", mayHaveArrived: true }, directory, now);
}

/** The tombstone of a session that ends without a commit; `fault` is what a Close-Session is told. */
export function bury(
  record: SessionRecord,
  state: "discarded" | "cancelled",
  now: number,
  fault: Fault | null = null,
): SessionRecord {
  const { id = "", attempts = 0, unknown = false } = record.commit ?? {};
  return { ...record, state, changedAt: now, delivery: null, commit: { id, attempts, unknown, fault } };
}

/** The tombstone of a session whose reply has been fetched, or is not wanted. */
export function finish(record: SessionRecord, now: number): SessionRecord {
  return { ...record, state: "committed", changedAt: now, delivery: null };
}

/** Which of its bytes a session will still read. */
export function needs({ state, delivery }: SessionRecord): {
  readonly entity: boolean;
  readonly reply: boolean;
} {
  if (state === "delivered") return { entity: delivery?.copyToDestination === true, reply: true };
  const isOver = state === "committed" || state === "discarded" || state === "cancelled";
  // Of an attempt that failed there is no reply, however much of one had come.
  return { entity: !isOver, reply: !isOver && state !== "failed" };
}
