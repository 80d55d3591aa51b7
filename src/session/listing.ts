import type { SqlValue } from "./host-storage.ts";
import { conditionsOf, whereOf } from "./list-conditions.ts";
import { positionOf, type Row, toRow, toSummary } from "./listed-row.ts";
import type { ListFigures, ListPage, ListQuery, SessionCount, SessionSummary } from "./operator-calls.ts";
import type { SessionTables } from "./session-tables.ts";
import { Tallies } from "./tallies.ts";

/** One call looks at no more rows than this, however few of them match. */
const MOST_LOOKED_AT = 5_000;
const MOST_ROWS = 1_000;

type CountRow = SessionCount & { readonly [column: string]: SqlValue };

/**
 * A list of sessions: a row for each, indexes for the operator's questions, and a tally of ended uploads. An object that
 * sessions share keeps the list of its own sessions, in the steps that change them. If each session has an object of its
 * own, the objects of `SessionIndex` keep the list.
 *
 * A row that is read costs a thousandth of a row that is written, so there are few indexes. A field without an index, such
 * as the destination, is looked for among the newest rows, a bounded number in a call. docs/decisions/0034 has the argument.
 */
export class Listing {
  readonly #tables: SessionTables;
  /**
   * How many sessions stand in each state; null until somebody asks. `put` and `remove` keep the counts right from then
   * on.
   */
  #counts: Map<string, SessionCount> | null = null;

  readonly #tallies: Tallies;

  constructor(tables: SessionTables) {
    this.#tables = tables;
    this.#tallies = new Tallies(tables);
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
   * @param isSure false if a newer summary may have come before this one: then a row that changed later stays
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
    this.#tallies.add(before, row, now);
    return true;
  }

  /** The session is known no more. The tally goes with the last session of the list. */
  remove(session: string): void {
    if (!this.isKept) return;
    const { sql } = this.#tables;
    this.#count(this.#row(session), -1);
    sql.exec("DELETE FROM listed WHERE session = ?", session);
    const isLast = sql.exec("SELECT 1 FROM listed LIMIT 1").toArray().length === 0;
    if (isLast) this.#tallies.clear();
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
        `SELECT * FROM (${looked}) WHERE ${whereOf(outer)} ORDER BY changed DESC, session DESC LIMIT ${limit}`,
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
    return {
      counts: [...this.#countsNow().values()].filter(({ count }) => count > 0),
      oldestWaitingSince: oldest?.whole ?? null,
      tallies: this.#tallies.recent(now),
    };
  }

  /** A transaction that may have changed the list was rolled back: the counts are not to be trusted. */
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
}

/** What is counted together. */
function placeOf({ directory, state }: Pick<SessionCount, "directory" | "state">): string {
  return `${state} ${directory ?? ""}`;
}
