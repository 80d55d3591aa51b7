import type { SqlValue } from "./host-storage.ts";
import type {
  ListFigures,
  ListPage,
  ListQuery,
  Position,
  SessionCount,
  SessionSummary,
  Tally,
} from "./operator-calls.ts";
import type { SessionTables } from "./session-tables.ts";

/** One call looks at no more rows than that, however few of them somebody wants to see. */
const MOST_LOOKED_AT = 5_000;
const MOST_ROWS = 1_000;
const TALLY_MS = 5 * 60 * 1000;
const TALLIES_FOR_MS = 25 * 60 * 60 * 1000;

/** States in which an upload is whole, and waits for the application's acceptance. */
const WAITING: ReadonlySet<string> = new Set(["complete", "committing", "orphaned", "failed", "held"]);

type CountRow = SessionCount & { readonly [column: string]: SqlValue };
type TallyRow = Tally & { readonly [column: string]: SqlValue };

/** A session's row: what its operator sees of it, and where it is in the indexes. */
interface Row {
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

/**
 * A list of sessions, a row for each, with indexes by which its operator looks for them, and a tally of what became of
 * them. An object that sessions share keeps that of its own sessions, in the steps that change them; where each session has
 * an object of its own, the objects of `SessionIndex` do.
 *
 * Rows that are read cost a thousandth of rows that are written, so there are few indexes: what has none, such as the
 * destination, is looked for among the newest rows, a bounded number in a call. docs/decisions/0034 has the argument.
 */
export class Listing {
  readonly #tables: SessionTables;
  /** How many sessions stand where; null until somebody asks. Every change comes by here, so it is kept right in memory. */
  #counts: Map<string, SessionCount> | null = null;

  constructor(tables: SessionTables) {
    this.#tables = tables;
  }

  has(session: string): boolean {
    return this.isKept && this.#row(session) !== null;
  }

  /** Whether there ever was a row. */
  get isKept(): boolean {
    return this.#tables.has("listed");
  }

  /**
   * Puts a session where it belongs.
   *
   * @param now milliseconds since 1970, here and below
   * @param isSure false where what is said may have been overtaken: then a row that changed later stays
   * @returns whether anything was written
   */
  put(summary: SessionSummary, now: number, isSure = true): boolean {
    for (const table of ["listed", "listed_by_changed", "listed_by_state", "listed_by_client"] as const)
      this.#tables.ensure(table);
    this.#tables.ensure("listed_by_whole");
    const before = this.#row(summary.session);
    const row = toRow(summary, before);
    if (before !== null && Object.entries(row).every(([column, value]) => before[column] === value))
      return false;
    if (before !== null && !isSure && before.changed > row.changed) return false;
    this.#write(row);
    this.#count(before, -1);
    this.#count(row, 1);
    this.#tally(before, row, now);
    return true;
  }

  /** The session is known no more. With the last of them goes the tally: nothing is kept for nobody. */
  remove(session: string): void {
    if (!this.isKept) return;
    const { sql } = this.#tables;
    this.#count(this.#row(session), -1);
    sql.exec("DELETE FROM listed WHERE session = ?", session);
    const isLast = sql.exec("SELECT 1 FROM listed LIMIT 1").toArray().length === 0;
    if (isLast && this.#tables.has("tallies")) sql.exec("DELETE FROM tallies");
  }

  /** One page, the session that changed last first. */
  find(query: ListQuery): ListPage {
    if (!this.isKept) return { rows: [], end: null };
    const limit = Math.min(Math.max(1, query.limit), MOST_ROWS);
    const { inner, outer } = conditionsOf(query);
    const most = outer.length === 0 ? limit : MOST_LOOKED_AT;
    const looked = `SELECT * FROM listed WHERE ${whereOf(inner)} ORDER BY changed DESC, session DESC LIMIT ${most}`;
    const bindings = inner.flatMap(({ values }) => values);
    const rows = this.#tables.sql
      .exec<Row>(
        `SELECT * FROM (${looked}) WHERE ${whereOf(outer)} LIMIT ${limit}`,
        ...bindings,
        ...outer.flatMap(({ values }) => values),
      )
      .toArray();
    const last = rows.at(-1);
    const found = rows.map((row) => ({ at: positionOf(row), session: toSummary(row) }));
    if (rows.length === limit && last !== undefined) return { rows: found, end: positionOf(last) };
    if (outer.length === 0) return { rows: found, end: null };
    const [end] = this.#tables.sql
      .exec<Pick<Row, "changed" | "session">>(
        `SELECT changed, session FROM (${looked}) LIMIT 1 OFFSET ${most - 1}`,
        ...bindings,
      )
      .toArray();
    return { rows: found, end: end === undefined ? null : positionOf(end) };
  }

  figures(now: number): Omit<ListFigures, "inflow"> {
    if (!this.isKept) return { counts: [], oldestWaitingSince: null, tallies: [] };
    const { sql } = this.#tables;
    const [oldest] = sql
      .exec<{ whole: number | null }>("SELECT min(whole) AS whole FROM listed WHERE whole IS NOT NULL")
      .toArray();
    const tallies = this.#tables.has("tallies")
      ? sql.exec<TallyRow>("SELECT * FROM tallies WHERE at > ?", now - TALLIES_FOR_MS).toArray()
      : [];
    return {
      counts: [...this.#countsNow().values()].filter(({ count }) => count > 0),
      oldestWaitingSince: oldest?.whole ?? null,
      tallies,
    };
  }

  /** A transaction that may have changed something was taken back. */
  forgetCounts(): void {
    this.#counts = null;
  }

  /** Up to `MOST_LOOKED_AT` sessions by their ids, after `session`; with when their time is over. */
  byId(session: string): { readonly session: string; readonly until: number }[] {
    if (!this.isKept) return [];
    return this.#tables.sql
      .exec<{ session: string; until: number }>(
        `SELECT session, coalesce(until, 0) AS until FROM listed WHERE session > ? ORDER BY session LIMIT ${MOST_LOOKED_AT}`,
        session,
      )
      .toArray();
  }

  #row(session: string): Row | null {
    const rows = this.#tables.sql.exec<Row>("SELECT * FROM listed WHERE session = ?", session).toArray();
    return rows[0] ?? null;
  }

  #write(row: Row): void {
    const columns = Object.keys(row);
    this.#tables.sql.exec(
      `INSERT INTO listed (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")}) ` +
        `ON CONFLICT (session) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}`,
      ...(Object.values(row) as (string | number | null)[]), // none of them is bytes
    );
  }

  /** Counted once a life of the object. */
  #countsNow(): Map<string, SessionCount> {
    if (this.#counts !== null) return this.#counts;
    const rows = this.#tables.sql
      .exec<CountRow>("SELECT directory, state, count(*) AS count FROM listed GROUP BY directory, state")
      .toArray();
    this.#counts = new Map(rows.map((row) => [placeOf(row), row]));
    return this.#counts;
  }

  #count(row: Row | null, by: number): void {
    if (row === null || this.#counts === null) return;
    const { directory, state } = row;
    const before = this.#counts.get(placeOf(row))?.count ?? 0;
    this.#counts.set(placeOf(row), { directory, state, count: before + by });
  }

  /** Only what has become of the session between two rows counts, so whoever says it twice is counted once. */
  #tally(before: Row | null, after: Row, now: number): void {
    const isNew = isTaken(after) && !isTaken(before);
    const committed = isNew ? 1 : 0;
    const bytes = isNew ? (after.total ?? 0) : 0;
    const failed = Math.max(0, failuresOf(after) - failuresOf(before));
    if (committed + failed === 0) return;
    const at = now - (now % TALLY_MS);
    this.#tables.ensure("tallies");
    const { sql } = this.#tables;
    const isFirst = sql.exec("SELECT 1 FROM tallies WHERE at = ?", at).toArray().length === 0;
    if (isFirst) sql.exec("DELETE FROM tallies WHERE at <= ?", now - TALLIES_FOR_MS);
    sql.exec(
      "INSERT INTO tallies (at, committed, failed, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (at) DO UPDATE SET " +
        "committed = committed + excluded.committed, failed = failed + excluded.failed, bytes = bytes + excluded.bytes",
      at,
      committed,
      failed,
      bytes,
    );
  }
}

/** What is counted together. */
function placeOf({ directory, state }: Pick<SessionCount, "directory" | "state">): string {
  return `${state} ${directory ?? ""}`;
}

interface Condition {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/** What an index answers, and what is looked for among its rows. One value leads an index; a client is rarer than a state. */
function conditionsOf({
  after,
  state,
  client,
  directory,
  path,
}: ListQuery): Record<"inner" | "outer", Condition[]> {
  const place = after ?? { changed: Number.MAX_SAFE_INTEGER, session: "" };
  const inner: Condition[] = [
    { text: "(changed, session) < (?, ?)", values: [place.changed, place.session] },
  ];
  const outer: Condition[] = [];
  if (client !== undefined) inner.push({ text: "client = ?", values: [client] });
  if (state !== undefined)
    (client === undefined ? inner : outer).push({ text: "state = ?", values: [state] });
  if (directory !== undefined) outer.push({ text: "directory = ?", values: [directory] });
  if (path !== undefined)
    outer.push({ text: "substr(lower(destination), 1, length(?)) = lower(?)", values: [path, path] });
  return { inner, outer };
}

function whereOf(conditions: readonly Condition[]): string {
  return conditions.map(({ text }) => text).join(" AND ") || "1";
}

function toRow(summary: SessionSummary, before: Row | null): Row {
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

function toSummary({ changed: changedAt, outcome: lastOutcome, ...row }: Row): SessionSummary {
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

function positionOf(row: Pick<Row, "changed" | "session">): Position {
  return { changed: row.changed, session: row.session };
}

/** Whether the application has the upload. */
function isTaken(row: Row | null): boolean {
  return row?.state === "committed" || row?.state === "delivered";
}

/** Attempts that have ended without the application's acceptance. */
function failuresOf(row: Row | null): number {
  const isOpen = isTaken(row) || row?.state === "committing" || row?.state === "orphaned";
  return Math.max(0, (row?.attempts ?? 0) - (isOpen ? 1 : 0));
}
