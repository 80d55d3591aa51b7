import type { SqlValue } from "./host-storage.ts";
import type { SessionTables } from "./session-tables.ts";

/** The beginning of a large upload, which is in other objects: segment `i` has the bytes from `i * segmentBytes` on. */
export interface Moved {
  /** What the segments are named after; no other upload's. */
  readonly name: string;
  /** So many bytes, from the upload's first on, are in segments for certain. */
  readonly bytes: number;
  readonly segmentBytes: number;
}

type Row = { readonly [column: string]: SqlValue } & { readonly [field in keyof Moved]: Moved[field] };

const COLUMNS = "name, bytes, segment_bytes AS segmentBytes";

/**
 * Which segments the sessions of an object have. A row comes before the first byte leaves for a segment, and stays until
 * all segments have removed themselves: so a segment that has no row here is nobody's. `key` is the session's. It is null
 * once the session needs the segments no more.
 */
export class MovedTable {
  readonly #tables: SessionTables;

  constructor(tables: SessionTables) {
    this.#tables = tables;
  }

  /** What has moved of the session's upload; null if nothing has, and nothing is about to. */
  of(key: number): Moved | null {
    return this.#ask(`SELECT ${COLUMNS} FROM moved WHERE key = ?`, key);
  }

  /** Bytes of the session's upload are about to move. */
  begin(key: number, name: string, segmentBytes: number): void {
    this.#tables.ensure("moved");
    this.#tables.sql.exec(
      "INSERT INTO moved (name, key, bytes, segment_bytes) VALUES (?, ?, 0, ?)",
      name,
      key,
      segmentBytes,
    );
  }

  /** So many bytes are in segments now. */
  advance(name: string, bytes: number): void {
    this.#tables.sql.exec("UPDATE moved SET bytes = ? WHERE name = ?", bytes, name);
  }

  /** The session needs its segments no more. @returns whether it had any */
  release(key: number): boolean {
    if (this.of(key) === null) return false;
    this.#tables.sql.exec("UPDATE moved SET key = NULL WHERE key = ?", key);
    return true;
  }

  /** Some segments that nobody needs, and that may still be there; null if there are none. */
  released(): Moved | null {
    return this.#ask(`SELECT ${COLUMNS} FROM moved WHERE key IS NULL LIMIT 1`);
  }

  /** All segments of this name are gone. */
  remove(name: string): void {
    this.#tables.sql.exec("DELETE FROM moved WHERE name = ?", name);
  }

  /** Whether a session needs the segments of this name. */
  holds(name: string): boolean {
    return this.#ask(`SELECT ${COLUMNS} FROM moved WHERE name = ? AND key IS NOT NULL`, name) !== null;
  }

  #ask(question: string, ...bindings: (string | number)[]): Moved | null {
    if (!this.#tables.has("moved")) return null;
    return this.#tables.sql.exec<Row>(question, ...bindings).toArray()[0] ?? null;
  }
}
