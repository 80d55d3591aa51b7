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

/** @param before its row so far, null if it has none */
export function toRow(summary: SessionSummary, before: Row | null): Row {
  const { session, state, directory, client, destination, total, offset, attempts, until } = summary;
  const changed = summary.changedAt ?? before?.changed ?? 0;
  const whole = WAITING.has(state) ? (before?.whole ?? changed) : null;
  const outcome = summary.lastOutcome;
  return {
    session,
    changed,
    state,
    directory,
    client,
    destination,
    total,
    offset,
    attempts,
    outcome,
    until,
    whole,
  };
}

export function toSummary({ changed: changedAt, outcome: lastOutcome, ...row }: Row): SessionSummary {
  const { session, directory, client, destination, total, offset, state, attempts, until } = row;
  return {
    session,
    directory,
    client,
    destination,
    total,
    offset,
    state,
    attempts,
    lastOutcome,
    changedAt,
    until,
  };
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
