import type { ApplicationAnswer, HistoryEntry } from "../protocol/session-record.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { SessionState } from "../protocol/transitions.ts";

/** A session as its operator sees it in a list. Times are milliseconds since 1970. */
export interface SessionSummary {
  readonly session: SessionId;
  /** Path of its directory; null if none serves the destination any more. */
  readonly directory: string | null;
  readonly client: string | null;
  /** Path of the destination, without its query. This and the next fields are null if the record cannot be read. */
  readonly destination: string | null;
  /** Length of the upload in bytes; null until it is known. */
  readonly total: number | null;
  /** Bytes that have come. */
  readonly offset: number;
  readonly state: SessionState | "unreadable" | "newer";
  /** Attempts to hand it over. */
  readonly attempts: number;
  /** "accepted"; the name of the fault that the last attempt ended with; null while none has ended. */
  readonly lastOutcome: string | null;
  readonly changedAt: number | null;
  /** When it is removed, if nobody sends anything. */
  readonly until: number | null;
}

/** Everything that the edge knows of one session. */
export interface SessionDetails extends SessionSummary {
  /** The earliest first. The oldest entries of a long history go, but for the very first. */
  readonly history: readonly HistoryEntry[];
  /** SHA-256 of the whole upload, base64; null until it was computed. */
  readonly digest: string | null;
  /** Key that the application sees of this upload; null before the first attempt. */
  readonly idempotencyKey: string | null;
  /** Head fields of the application's answer to the last attempt that help to explain an error; no body. */
  readonly lastAnswer: ApplicationAnswer | null;
  /** Whether an operator may do each of these now. */
  readonly deeds: Readonly<Record<DeedKind, boolean>>;
  /** Whether the whole upload is here, so that an operator can fetch it. */
  readonly hasBytes?: boolean;
}

/** What an operator may do to a session. Each may be repeated. */
export type DeedKind = "commit" | "release" | "cancel" | "prolong";

/**
 * "commit" starts an attempt to hand the upload over, or joins the one that runs; "cancel" is Cancel-Session; "prolong"
 * has the session's time start again; "release" ends the doubt about an upload that is held (ruling 19, outcome unknown):
 * the application has it, or it is to be sent again, with the same key.
 */
export type Deed =
  | { readonly kind: "commit" | "cancel" | "prolong" }
  | { readonly kind: "release"; readonly application: "has-it" | "has-it-not" };

/**
 * What came of a deed. "done" has the session as it is now; null if nothing is left of it. "refused": it makes no sense
 * where the session stands, and `why` says so in a sentence. "unknown": there is no such session.
 */
export type DeedResult =
  | { readonly result: "done"; readonly session: SessionDetails | null }
  | { readonly result: "refused"; readonly why: string }
  | { readonly result: "unknown" };

/** A place in a list of sessions, the one that changed last first: behind the session that it names. */
export interface Position {
  /** Milliseconds since 1970. */
  readonly changed: number;
  readonly session: string;
}

/** Which sessions of a list somebody wants to see. Each field that is set narrows the list. */
export interface ListQuery {
  /** Only what comes after it; null for the beginning. */
  readonly after: Position | null;
  /** Rows of a page, 1 to 1,000. */
  readonly limit: number;
  readonly state?: SessionSummary["state"];
  /** A directory's path. */
  readonly directory?: string;
  /** A client's address. */
  readonly client?: string;
  /** How the destination's path begins, in any case of letters. */
  readonly path?: string;
}

/**
 * A page of a list. One call looks through a bounded part of the list. `end` says how far it has looked, so that the next
 * call goes on there; null at the end of the list.
 */
export interface ListPage {
  readonly rows: readonly { readonly at: Position; readonly session: SessionSummary }[];
  readonly end: Position | null;
}

/** What became of uploads in five minutes, which begin at `at`, milliseconds since 1970. */
export interface Tally {
  readonly at: number;
  readonly committed: number;
  /** Attempts that ended without the application's acceptance. */
  readonly failed: number;
  /** Of uploads that were committed. */
  readonly bytes: number;
}

/** How many sessions of a directory stand in one state. */
export interface SessionCount {
  readonly directory: string | null;
  readonly state: SessionSummary["state"];
  readonly count: number;
}

/** The figures of a list as a whole. */
export interface ListFigures {
  readonly counts: readonly SessionCount[];
  /** Of the uploads that are whole and not committed: when the oldest became whole; null if there is none. */
  readonly oldestWaitingSince: number | null;
  /** Tallies of the last 25 hours, in any order. Five minutes in which nothing happened have none. */
  readonly tallies: readonly Tally[];
  /** Sessions that received bytes within the last minute, and how many bytes; zeros if the list is not told of bytes. */
  readonly inflow: Inflowing;
  /**
   * The longest delay within the last minutes between a change and its row; absent if the list changes with its
   * sessions.
   */
  readonly lagMs?: number;
}

export interface Inflowing {
  readonly sessions: number;
  readonly bytes: number;
}

/** An object that has a list of sessions: one that sessions share, or one of the index's. */
export interface ListCalls {
  /** Reads rows, and takes no session into memory. */
  find(query: ListQuery): ListPage;
  figures(): ListFigures;
}

/**
 * What the operator may ask of the object in which a session lives. The contract is that of `SessionCalls`. No call counts
 * as a packet: looking at a session does not prolong it.
 */
export interface OperatorCalls extends ListCalls {
  /** Null if nothing is stored of the session, or its time is over. */
  describe(sessionId: SessionId): SessionDetails | null;
  /**
   * Waits for an attempt that it starts, up to ten seconds.
   *
   * @param by the operator, for the session's history
   */
  act(sessionId: SessionId, deed: Deed, by: string): Promise<DeedResult>;
}
