/** Rows that start within as many bytes are read from storage in one go. */
const READ_AHEAD_BYTES = 1024 * 1024;

/** The tables of bytes that a session may have: the upload, and the application's reply. */
type Table = "fragments" | "reply";

/**
 * Bytes of one session, contiguous from 0, as rows of its object's SQLite: the key is the offset of
 * a piece's first byte, so a piece costs one row written and the length needs no row of its own. An
 * INTEGER PRIMARY KEY is the row's own id; any other key would be a second row (an index).
 *
 * Everything here is synchronous: what is called without an `await` between is one atomic step of the
 * object, confirmed before its reply leaves (Cloudflare: "SQLite-backed Durable Object Storage").
 */
export class StoredBytes {
  readonly #sql: SqlStorage;
  readonly #table: Table;
  #exists: boolean;
  #length = 0;
  #lastReceivedAt = 0;

  /** @param exists whether there is such a table, which is where the bytes of an earlier life are */
  constructor(sql: SqlStorage, table: Table, exists: boolean) {
    this.#sql = sql;
    this.#table = table;
    this.#exists = exists;
    if (exists) this.#measure();
  }

  /** How many bytes are stored; the offset that the next piece has to start at. */
  get length(): number {
    return this.#length;
  }

  /** When the last piece came, milliseconds since 1970; 0 where there is none. */
  get lastReceivedAt(): number {
    return this.#lastReceivedAt;
  }

  /** Adds bytes at the end. An empty piece stores nothing. */
  append(bytes: Uint8Array, now: number): void {
    if (bytes.byteLength === 0) return;
    if (!this.#exists) {
      this.#sql.exec(
        `CREATE TABLE ${this.#table} (offset INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, bytes BLOB NOT NULL)`,
      );
      this.#exists = true;
    }
    this.#sql.exec(
      `INSERT INTO ${this.#table} (offset, received_at, bytes) VALUES (?, ?, ?)`,
      this.#length,
      now,
      bytes,
    );
    this.#length += bytes.byteLength;
    this.#lastReceivedAt = now;
  }

  /** The bytes from `start` up to, not including, `end`, piece by piece; storage is read as the caller goes on. */
  *read(start = 0, end = this.#length): Generator<Uint8Array, void, undefined> {
    if (start >= end || !this.#exists) return;
    for (let from = start === 0 ? 0 : this.#rowOf(start); from < end; from += READ_AHEAD_BYTES) {
      // Read to the end at once: a cursor that is left open locks its table against the DROP below.
      const rows = this.#sql
        .exec<{ offset: number; bytes: ArrayBuffer }>(
          `SELECT offset, bytes FROM ${this.#table} WHERE offset >= ? AND offset < ? ORDER BY offset`,
          from,
          Math.min(from + READ_AHEAD_BYTES, end),
        )
        .toArray();
      for (const { offset, bytes } of rows) {
        const last = Math.min(bytes.byteLength, end - offset);
        if (last > 0 && start - offset < last)
          yield new Uint8Array(bytes).subarray(Math.max(0, start - offset), last);
      }
    }
  }

  /** Takes back the bytes from `length` on; a piece must start there. */
  truncate(length: number): void {
    if (this.#exists) this.#sql.exec(`DELETE FROM ${this.#table} WHERE offset >= ?`, length);
    this.#measure();
  }

  /** Removes every byte. Dropping the table is billed as no row at all; deleting is, row by row. */
  discard(): void {
    if (this.#exists) this.#sql.exec(`DROP TABLE ${this.#table}`);
    this.#exists = false;
    this.#length = 0;
  }

  /** The first byte of the row that `offset` is in. */
  #rowOf(offset: number): number {
    const [row] = this.#sql
      .exec<{ first: number }>(`SELECT max(offset) AS first FROM ${this.#table} WHERE offset <= ?`, offset)
      .toArray();
    return row?.first ?? 0;
  }

  #measure(): void {
    const [last] = this.#sql
      .exec<{ end: number; at: number }>(
        `SELECT offset + length(bytes) AS end, received_at AS at FROM ${this.#table} ORDER BY offset DESC LIMIT 1`,
      )
      .toArray();
    this.#length = last?.end ?? 0;
    this.#lastReceivedAt = last?.at ?? 0;
  }
}
