import type { Fault } from "./faults.ts";
import { canBeAsked, mayCount } from "./origin-session.ts";
import { type Acceptance, type CommitOutcome, hasReached, mayHaveArrived, reflect } from "./reflect.ts";
import type {
  CommitRecord,
  DeliveryRecord,
  DirectoryRules,
  SessionPacket,
  SessionRecord,
} from "./session-record.ts";

/**
 * Where an upload session stands. [MC-BUP] 3.2.5.1 draws INIT, RECEIVE_FRAGMENTS, NOTIFY, WAIT_FOR_CLOSE and COMPLETE.
 * This machine has the outcomes of the commit in place of the last three.
 */
export type SessionState =
  | "new" // the edge issued the id, nothing is stored
  | "receiving" // some bytes are missing
  | "complete" // every byte is here, no commit was tried
  | "committing" // an attempt to hand the upload over runs
  | "orphaned" // an attempt was out when the edge died: nobody knows how it ended
  | "failed" // the application refused or was silent; the bytes are kept
  | "refused" // the application said 403, which is final (ruling 17, a failed commit leaves the session whole)
  | "held" // nobody knows whether the application has it; the operator decides (ruling 19, outcome unknown)
  | "delivered" // the application has it; a reply waits, or the file is still to be put at its destination
  | "committed" // a tombstone: done
  | "discarded" // a tombstone: closed before the last byte, or the wrong digest
  | "cancelled"; // a tombstone: cancelled

/**
 * What each event may lead to. Every column has a set of its own, so that a `switch` over a cell is exhaustive.
 * "deny" answers as for a session that nobody knows, "replay" gives the stored result again, "commit" hands the upload
 * to the application and answers with the result, "join" waits for the attempt that runs and answers with its result.
 */
export interface Actions {
  /** A Fragment, or a piece of one: store the bytes that are new; or only say where the session stands. */
  readonly Fragment: "store" | "acknowledge" | "deny";
  /**
   * The Fragment that leaves nothing missing, in a directory that commits there (ruling 14, plain upload; ruling 15,
   * upload-reply).
   */
  readonly Complete: "commit" | "join" | "replay" | "deny";
  /** "finish" does what the application's acceptance left to do, "discard" deletes the bytes and publishes nothing. */
  readonly Close: "commit" | "join" | "finish" | "replay" | "discard" | "deny";
  /** "await" waits for the attempt that runs: the state that it leaves decides. "acknowledge" has nothing to delete. */
  readonly Cancel: "cancel" | "await" | "acknowledge";
}

/** What happens to a session from outside: the packets, and the completion of an upload. */
export type SessionEvent = keyof Actions;

/**
 * What a session does: a row for each state, a column for each event.
 * Ruling 15, upload-reply; 17, a failed commit leaves the session whole; 18, success is never run again; 19, outcome
 * unknown; 20, Close-Session before the last byte; 21, Cancel-Session; 22, a Fragment after Close-Session.
 */
// prettier-ignore
export const TRANSITIONS: {
  readonly [state in SessionState]: { readonly [event in SessionEvent]: Actions[event] };
} = {
  //            Fragment                   Complete              Close                Cancel
  new:        { Fragment: "store",         Complete: "deny",     Close: "discard",    Cancel: "cancel" },
  receiving:  { Fragment: "store",         Complete: "deny",     Close: "discard",    Cancel: "cancel" },
  complete:   { Fragment: "acknowledge",   Complete: "commit",   Close: "commit",     Cancel: "cancel" },
  committing: { Fragment: "acknowledge",   Complete: "join",     Close: "join",       Cancel: "await" },
  orphaned:   { Fragment: "acknowledge",   Complete: "commit",   Close: "commit",     Cancel: "cancel" },
  failed:     { Fragment: "acknowledge",   Complete: "commit",   Close: "commit",     Cancel: "cancel" },
  refused:    { Fragment: "acknowledge",   Complete: "replay",   Close: "replay",     Cancel: "cancel" },
  held:       { Fragment: "acknowledge",   Complete: "replay",   Close: "replay",     Cancel: "cancel" },
  delivered:  { Fragment: "acknowledge",   Complete: "replay",   Close: "finish",     Cancel: "cancel" },
  committed:  { Fragment: "acknowledge",   Complete: "replay",   Close: "replay",     Cancel: "acknowledge" },
  discarded:  { Fragment: "deny",          Complete: "deny",     Close: "replay",     Cancel: "acknowledge" },
  cancelled:  { Fragment: "deny",          Complete: "deny",     Close: "deny",       Cancel: "acknowledge" },
};

/**
 * Derives where a session stands.
 *
 * @param record null if nothing is stored
 * @param offset bytes that are stored, contiguous from 0
 * @param directory the session's, null if it has left the configuration: its operator decides about unknown outcomes
 * @param isRunning whether this instance of the session is handing the upload over just now
 */
export function stateOf(
  record: SessionRecord | null,
  offset: number,
  directory: DirectoryRules | null,
  isRunning: boolean,
): SessionState {
  if (isRunning) return "committing"; // whatever is stored: an attempt reads the digest before it stores "committing"
  if (record === null) return "new";
  if (record.state === "receiving" && offset === record.total) return "complete";
  if (record.state === "committing") return "orphaned";
  if (record.state === "failed") {
    if (isFinal(record)) return "refused";
    if (record.commit?.unknown === true && holdsUnknown(record, directory)) return "held";
  }
  return record.state;
}

/**
 * Whether the operator has to decide about an unknown outcome. A PUT of a file may be repeated without harm; only a notified
 * application can be told twice. If the upload went to the origin's own BITS server, the edge asks that server, as long as
 * the server knows the session.
 */
function holdsUnknown({ origin = null }: SessionRecord, directory: DirectoryRules | null): boolean {
  if (directory === null || directory.unknownOutcome === "retry") return false;
  return directory.handover === "bits" ? !canBeAsked(origin) : directory.notification !== "none";
}

/** Whether the application's answer is its last word (ruling 17, a failed commit leaves the session whole). */
export function isFinal(record: SessionRecord): boolean {
  return record.commit?.fault?.status === 403; // after which a BITS client does not post the upload again
}

/**
 * The record of a session whose first packet has come.
 *
 * @param total bytes of the whole entity; null if the packet is not a Fragment
 * @param now milliseconds since 1970, here and below
 */
export function open(packet: SessionPacket, total: number | null, now: number): SessionRecord {
  const { sessionId, issuedAt, destination, originalUrl, clientAddress, expectedDigest } = packet;
  const subject = { sessionId, issuedAt, destination, originalUrl, clientAddress, expectedDigest };
  const unsealed = { digest: null, commit: null, delivery: null };
  return { version: 2, state: "receiving", ...subject, changedAt: now, total, ...unsealed };
}

/** The attempts of a session that was never sealed. */
const NO_ATTEMPT: Omit<CommitRecord, "fault"> = { id: "", attempts: 0, unknown: false };

/** The record before a request leaves for the application. Only the first attempt uses `freshId`. */
export function seal(
  record: SessionRecord,
  digest: string,
  freshId: string,
  directory: DirectoryRules,
  now: number,
): SessionRecord {
  const earlier = record.commit ?? { ...NO_ATTEMPT, id: freshId };
  const commit = { ...earlier, attempts: earlier.attempts + 1, fault: null };
  const { origin = null, ...rest } = record;
  const sealed: SessionRecord = { ...rest, state: "committing", changedAt: now, digest, commit };
  if (directory.handover !== "bits") return sealed;
  // An attempt for a held upload begins only after the operator has said that the application does not have it.
  const isReleased = record.state === "failed" && !canBeAsked(origin);
  return { ...sealed, origin: isReleased ? null : origin };
}

/**
 * The record after an attempt. The first attempt that is accepted is the notification. If it leaves something to do,
 * the session is "delivered", and the next attempt puts the file at its destination.
 */
export function settle(
  record: SessionRecord,
  outcome: CommitOutcome,
  directory: DirectoryRules,
  now: number,
): SessionRecord {
  const { id, attempts, unknown } = record.commit ?? NO_ATTEMPT;
  const base = { ...record, changedAt: now };
  if (outcome.kind === "accepted") {
    const delivery = record.delivery === null ? deliveryOf(outcome, directory, now) : null;
    // The PUT to the destination is another request than the notification: it gets a key of its own.
    if (delivery !== null) return { ...base, commit: null, delivery, state: "delivered" };
    return { ...base, commit: { id, attempts, unknown: false, fault: null }, delivery, state: "committed" };
  }
  // A definite answer is about this attempt only: an earlier attempt may still have arrived.
  const reachedAt = record.commit?.reachedAt ?? (hasReached(outcome) ? record.changedAt : null);
  const reach = reachedAt === null ? {} : { reachedAt };
  const isKnown = record.origin !== undefined && !mayCount(record.origin);
  const maybe = unknown || (mayHaveArrived(outcome) && !isKnown);
  const commit = { id, attempts, unknown: maybe, fault: reflect(outcome), ...reach };
  return { ...base, commit, state: record.delivery === null ? "failed" : "delivered" };
}

/** What an acceptance leaves for Close-Session to do; null for nothing. */
function deliveryOf(acceptance: Acceptance, directory: DirectoryRules, now: number): DeliveryRecord | null {
  const { copyToDestination, staticReplyUrl } = acceptance;
  const elsewhere = staticReplyUrl === null ? null : { url: staticReplyUrl };
  const { notification, reply, handover } = directory;
  if (handover === "bits") return copyToDestination ? { at: now, copyToDestination, reply: elsewhere } : null;
  if (notification === "none" || (!reply && !copyToDestination)) return null;
  return { at: now, copyToDestination, reply: reply ? (elsewhere ?? "stored") : null };
}

/** The record of an attempt whose end nobody saw, because the instance that made it is gone. */
export function orphan(record: SessionRecord, directory: DirectoryRules, now: number): SessionRecord {
  return settle(record, { kind: "silent", why: "connectionLost", mayHaveArrived: true }, directory, now);
}

/**
 * The tombstone of a session that ends without a commit.
 *
 * @param fault what Close-Session is answered from now on; null for `closedTooEarly`
 */
export function bury(
  record: SessionRecord,
  state: "discarded" | "cancelled",
  now: number,
  fault: Fault | null = null,
): SessionRecord {
  const { id, attempts, unknown } = record.commit ?? NO_ATTEMPT;
  return { ...record, state, changedAt: now, delivery: null, commit: { id, attempts, unknown, fault } };
}

/** The tombstone of a session whose reply was fetched, or is not wanted. */
export function finish(record: SessionRecord, now: number): SessionRecord {
  return { ...record, state: "committed", changedAt: now, delivery: null };
}

/** Whether a session is over, and its record only answers packets that come again. */
export function isTombstone({ state }: SessionRecord): boolean {
  return state === "committed" || state === "discarded" || state === "cancelled";
}

/** Which of its stored bytes a session will still read. */
export function needs({ state, delivery }: SessionRecord): Readonly<Record<"entity" | "reply", boolean>> {
  switch (state) {
    case "receiving":
    case "committing":
      return { entity: true, reply: true };
    case "failed": // a failed attempt has no reply, even if some of one came
      return { entity: true, reply: false };
    case "delivered":
      return { entity: delivery?.copyToDestination === true, reply: true };
    case "committed":
    case "discarded":
    case "cancelled":
      return { entity: false, reply: false };
  }
}
