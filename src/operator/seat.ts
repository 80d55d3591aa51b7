import type { Refusals } from "../runtime/refusals.ts";
import type { Deed, DeedResult, SessionDetails, SessionSummary } from "../session/operator-calls.ts";

export type { HistoryEntry } from "../protocol/session-record.ts";
export type {
  Deed,
  DeedKind,
  DeedResult,
  SessionDetails,
  SessionSummary,
} from "../session/operator-calls.ts";

/** Which sessions an operator wants to see; every field that is there narrows. */
export interface SessionSearch {
  readonly state?: SessionSummary["state"];
  /** A directory's path. */
  readonly directory?: string;
  /** A client's address. */
  readonly client?: string;
  /** How the destination's path begins. */
  readonly path?: string;
  /** Only sessions that have been silent since this time, milliseconds since 1970. */
  readonly changedBefore?: number;
  /** The cursor that the page before gave. */
  readonly cursor?: string;
  /** Rows of a page. @default 100; at most 1,000 */
  readonly limit?: number;
}

/** A page of sessions, the one that changed last first. `next` is the cursor of the page that follows; null for the last. */
export interface SessionsFound {
  readonly sessions: readonly SessionSummary[];
  readonly next: string | null;
  /** Why sessions are not listed here, in a sentence; absent if all are. */
  readonly missing?: string;
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
  /** Of the uploads that are whole and not committed: when the oldest became whole; null if there is none. */
  readonly oldestWaitingSince: number | null;
  /** The last 24 hours, the oldest first; each begins at `at`. */
  readonly hours: readonly {
    readonly at: number;
    readonly committed: number;
    readonly failed: number;
    readonly bytes: number;
  }[];
  /** What the isolate that answers has refused within the last quarter of an hour, the most frequent first. */
  readonly refused: readonly Refusals[];
  /** Why sessions are not counted here, in a sentence; absent if all are. */
  readonly missing?: string;
}

/** Who asks, and what he may: a reader sees everything and changes nothing. */
export interface Operator {
  /** For the log: an address of Access' token, "token", or "read-only token". */
  readonly name: string;
  readonly mayAct: boolean;
}

/**
 * The source of the operator's page, its JSON and the metrics, the same for both forms of hosting, with an index or
 * without. No client waits for any of it.
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
