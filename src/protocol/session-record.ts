import type { Fault } from "./faults.ts";
import type { OriginSession } from "./origin-session.ts";
import type { SessionId } from "./session-id.ts";

/** The part of a directory's settings that the machine depends on; a configured directory has all of it. */
export interface DirectoryRules {
  readonly notification: "none" | "by-value" | "by-reference";
  readonly reply: boolean;
  readonly unknownOutcome: "retry" | "hold";
  /** "bits": the origin's own BITS server takes the upload. */
  readonly handover: "request" | "bits";
}

/** What the middleware knows of a packet's session: whose it is, since when, and where the file is to go. */
export interface SessionPacket {
  readonly sessionId: SessionId;
  /** Milliseconds since 1970, from the session id. */
  readonly issuedAt: number;
  /** Path and query of the destination URL, as the client wrote them. */
  readonly destination: string;
  /** The destination URL as the client addressed it, absolute. */
  readonly originalUrl: string;
  readonly clientAddress: string | null;
  /** SHA-256 of the whole entity, base64, if the client announced it (RFC 9530); else null. */
  readonly expectedDigest: string | null;
}

/**
 * What a session stores beside its bytes: one row of JSON. The session writes it when its state changes, not for each
 * piece. docs/storage-schema.md lists the fields. Later versions of the edge go on reading what a released one stored.
 */
export interface SessionRecord extends SessionPacket {
  readonly version: 2;
  /** The other states are not stored: `stateOf` derives them. */
  readonly state:
    "receiving" | "committing" | "failed" | "delivered" | "committed" | "discarded" | "cancelled";
  /** Milliseconds since 1970 of the last change of this record; a piece may have come later. */
  readonly changedAt: number;
  /** Length of the whole entity in bytes; null until a Fragment has announced it. */
  readonly total: number | null;
  /** SHA-256 of the whole entity, base64; null until the session was sealed. */
  readonly digest: string | null;
  /** The attempts to hand the upload over; null until the session was sealed. */
  readonly commit: CommitRecord | null;
  /** What the application's acceptance left to do; null until the application accepted. */
  readonly delivery: DeliveryRecord | null;
  /**
   * The session at the origin's own BITS server, in which the hand-over goes on. Null if there is none yet, absent if the
   * upload does not go to a BITS server.
   */
  readonly origin?: OriginSession | null;
  /** What happened to the session, the earliest first; absent in records of an edge that kept none. */
  readonly history?: readonly HistoryEntry[];
  /** The application's answer to the last attempt; absent if it gave none. */
  readonly lastAnswer?: ApplicationAnswer;
}

/**
 * One thing that happened to a session, for its operator. No rule depends on it. `event` is a word of the log, such as
 * "started" or "commit-ended".
 */
export interface HistoryEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  /** The number of the attempt to hand the upload over, if the event is the beginning or the end of one. */
  readonly attempt?: number;
  /** For an attempt: "accepted", or the name of the fault that ended it. For an operator's deed: the name of the deed. */
  readonly outcome?: string;
  /** The status that the application gave; absent if it gave none. */
  readonly originStatus?: number;
  /** What the client was told: status, BITS-Error-Code as 0x8…, BITS-Error-Context. */
  readonly status?: number;
  readonly hresult?: string;
  readonly context?: string;
  readonly milliseconds?: number;
  /** Bytes that were here. */
  readonly offset?: number;
  /** Who did it, if an operator did. */
  readonly by?: string;
}

/** The part of an application's answer that explains an error: its status and some of its fields, no body. */
export interface ApplicationAnswer {
  readonly status: number;
  readonly fields: readonly (readonly [string, string])[];
}

/** The attempts to hand an upload to the application. */
export interface CommitRecord {
  /** Sent as Idempotency-Key with every attempt; fixed when the session is sealed. */
  readonly id: string;
  readonly attempts: number;
  /** True if an attempt has ended, or the edge has died, and nobody knows whether the application took the upload. */
  readonly unknown: boolean;
  /** What the last attempt told the client; null for 200, and while no attempt has ended. */
  readonly fault: Fault | null;
  /**
   * When the first attempt began that may have reached the origin, milliseconds since 1970: only such an attempt can have
   * left anything at the destination. Absent if there was none.
   */
  readonly reachedAt?: number;
}

/** What is left to do for an upload that a notified application has taken. */
export interface DeliveryRecord {
  /** Milliseconds since 1970 of the acceptance. */
  readonly at: number;
  /** Close-Session puts the file at its destination. */
  readonly copyToDestination: boolean;
  /** The reply of an upload-reply: kept by the session, or the URL of a reply that is elsewhere. */
  readonly reply: "stored" | { readonly url: string } | null;
}
