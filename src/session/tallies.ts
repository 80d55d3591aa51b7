import type { SqlValue } from "./host-storage.ts";
import { failuresOf, isTaken, type Row } from "./listed-row.ts";
import type { Tally } from "./operator-calls.ts";
import type { SessionTables } from "./session-tables.ts";

const TALLY_MS = 5 * 60 * 1000;
const KEPT_MS = 25 * 60 * 60 * 1000;

type TallyRow = Tally & { readonly [column: string]: SqlValue };

/** Counts of how a list's uploads ended: a row for each five minutes, kept for a day. */
export class Tallies {
  readonly #tables: SessionTables;

  constructor(tables: SessionTables) {
    this.#tables = tables;
  }

  /**
   * Counts the change from a session's row to its next row. The same row told twice is no change, and is counted once.
   *
   * @param now milliseconds since 1970, here and below
   */
  add(before: Row | null, after: Row, now: number): void {
    const isNew = isTaken(after) && !isTaken(before);
    const committed = isNew ? 1 : 0;
    const bytes = isNew ? (after.total ?? 0) : 0;
    const failed = Math.max(0, failuresOf(after) - failuresOf(before));
    if (committed + failed === 0) return;
    const at = now - (now % TALLY_MS);
    this.#tables.ensure("tallies");
    const { sql } = this.#tables;
    const isFirst = sql.exec("SELECT 1 FROM tallies WHERE at = ?", at).toArray().length === 0;
    if (isFirst) sql.exec("DELETE FROM tallies WHERE at <= ?", now - KEPT_MS);
    sql.exec(
      "INSERT INTO tallies (at, committed, failed, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (at) DO UPDATE SET " +
        "committed = committed + excluded.committed, failed = failed + excluded.failed, bytes = bytes + excluded.bytes",
      at,
      committed,
      failed,
      bytes,
    );
  }

  recent(now: number): Tally[] {
    if (!this.#tables.has("tallies")) return [];
    return this.#tables.sql.exec<TallyRow>("SELECT * FROM tallies WHERE at > ?", now - KEPT_MS).toArray();
  }

  clear(): void {
    if (this.#tables.has("tallies")) this.#tables.sql.exec("DELETE FROM tallies");
  }
}
