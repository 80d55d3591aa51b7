import type { SqlValue } from "./host-storage.ts";
import type { Position, SessionSummary } from "./operator-calls.ts";

/** States in which an upload is whole, and waits for the application's acceptance. */
const WAITING: ReadonlySet<string> = new Set(["complete", "committing", "orphaned", "failed", "held"]);

/** A session's row: what its operator sees of it, and where it is in the indexes. */
export interface Row {
  readonly [column: string]: SqlValue;
  readonly session: SessionSummary["session"];
  /** Milliseconds since 1970. */
  readonly changed: number;
  readonly state: SessionSummary["state"];
  readonly directory: string | null;
  readonly client: string | null;
  readonly destination: string | null;
  readonly total: number | null;
  readonly offset: number;
  readonly attempts: number;
  readonly outcome: string | null;
  readonly until: number | null;
  /** Since when the upload is whole and waits for the application's acceptance; null if it does not. */
  readonly whole: number | null;
}

type Same = Exclude<keyof SessionSummary, "changedAt" | "lastOutcome">;

/** @param before its row so far, null if it has none */
export function toRow(summary: SessionSummary, before: Row | null): Row {
  const changed = summary.changedAt ?? before?.changed ?? 0;
  const whole = WAITING.has(summary.state) ? (before?.whole ?? changed) : null;
  return { ...sameOf(summary), changed, whole, outcome: summary.lastOutcome };
}

export function toSummary(row: Row): SessionSummary {
  return { ...sameOf(row), lastOutcome: row.outcome, changedAt: row.changed };
}

/** The fields that a row and a summary have in common. The details of a session have more, which no list has. */
function sameOf(from: Pick<Row, Same>): Pick<Row, Same> {
  const { session, state, directory, client, destination, total, offset, attempts, until } = from;
  return { session, state, directory, client, destination, total, offset, attempts, until };
}

/** Where the row is in the list. */
export function positionOf(row: Pick<Row, "changed" | "session">): Position {
  return { changed: row.changed, session: row.session };
}

/** Whether the application has the upload. */
export function isTaken(row: Row | null): boolean {
  return row?.state === "committed" || row?.state === "delivered";
}

/** Attempts that have ended without the application's acceptance. */
export function failuresOf(row: Row | null): number {
  const isOpen = isTaken(row) || row?.state === "committing" || row?.state === "orphaned";
  return Math.max(0, (row?.attempts ?? 0) - (isOpen ? 1 : 0));
}
