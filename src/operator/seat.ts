import type { SessionSummary } from "../session/session-calls.ts";

/** Which sessions an operator wants to see; every field that is there narrows. */
export interface SessionSearch {
  readonly state?: SessionSummary["state"];
  /** A directory's path. */
  readonly directory?: string;
  /** A client's address. */
  readonly client?: string;
  /** How the destination's path begins. */
  readonly path?: string;
  /** Only those of which nothing was heard since; milliseconds since 1970. */
  readonly changedBefore?: number;
  /** Where the page before ended, as it was given. */
  readonly cursor?: string;
  /** Rows of a page. @default 100; at most 1,000 */
  readonly limit?: number;
}

/** A page of sessions, the one that changed last first. `next` is the cursor of the page that follows; null for the last. */
export interface SessionsFound {
  readonly sessions: readonly SessionSummary[];
  readonly next: string | null;
}

/** One thing that happened to a session. `event` is a word of the log, such as "started" or "commit-ended". */
export interface HistoryEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  /** Of the attempt to hand the upload over, where the event is one's end. */
  readonly attempt?: number;
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

/** Everything that the edge knows of one session. */
export interface SessionDetails extends SessionSummary {
  /** The earliest first. The oldest entries of a long history go. */
  readonly history: readonly HistoryEntry[];
  /** SHA-256 of the whole upload, base64; null until it was computed. */
  readonly digest: string | null;
  /** Key that the application sees of this upload; null before the first attempt. */
  readonly idempotencyKey: string | null;
  /** Head fields of the application's answer to the last attempt, those that say something of an error; no body. */
  readonly lastAnswer: {
    readonly status: number;
    readonly fields: readonly (readonly [string, string])[];
  } | null;
  /** Whether an operator may do each of these now. */
  readonly deeds: Readonly<Record<DeedKind, boolean>>;
}

/** How the edge is; figures of all sessions together. */
export interface Overview {
  /** Milliseconds since 1970: the moment that this is true of. */
  readonly at: number;
  readonly sessionsByState: Readonly<Partial<Record<SessionSummary["state"], number>>>;
  /** Sessions of which a byte came within the last minute, and the bytes of that minute. */
  readonly receiving: { readonly sessions: number; readonly bytesPerSecond: number };
  /** Attempts of the last hour that ended without the application's acceptance. */
  readonly failedLastHour: number;
  /** When the oldest upload that is whole and not committed became whole; null if there is none. */
  readonly oldestWaitingSince: number | null;
  /** The last 24 hours, the oldest first; each begins at `at`. */
  readonly hours: readonly {
    readonly at: number;
    readonly committed: number;
    readonly failed: number;
    readonly bytes: number;
  }[];
}

/** What an operator may do to a session. Each may be repeated. */
export type DeedKind = "commit" | "release" | "cancel" | "prolong";

export type Deed =
  | { readonly kind: "commit" | "cancel" | "prolong" }
  | { readonly kind: "release"; readonly application: "has-it" | "has-it-not" };

/**
 * What came of a deed. "refused": the session is in a state in which it makes no sense, and `why` says so in a sentence.
 * "unknown": there is no such session.
 */
export type DeedResult =
  | { readonly result: "done"; readonly session: SessionDetails | null }
  | { readonly result: "refused"; readonly why: string }
  | { readonly result: "unknown" };

/** Who asks, and what he may: a reader sees everything and changes nothing. */
export interface Operator {
  /** For the log: an address of Access' token, "token", or "read-only token". */
  readonly name: string;
  readonly mayAct: boolean;
}

/**
 * What the operator's page, its JSON and the metrics are made from: one answer for both forms of hosting, with an index or
 * without. Nothing here is in a client's way.
 */
export interface Seat {
  overview(): Promise<Overview>;
  sessions(search: SessionSearch): Promise<SessionsFound>;
  /** @returns null if there is no such session, or none any more */
  session(id: string): Promise<SessionDetails | null>;
  act(id: string, deed: Deed, operator: Operator): Promise<DeedResult>;
  /** A signed URL of the upload's bytes, good for an hour; null if they are not here any more. */
  rescueUrl(id: string, operator: Operator): Promise<string | null>;
}
