/** Rows that start within as many bytes are read from storage in one go. */
const READ_AHEAD_BYTES = 1024 * 1024;

/**
 * The bytes of one upload, contiguous from 0, as rows of an object's SQLite: the key is the offset of
 * a piece's first byte, so a piece costs one row written and the offset needs no row of its own. An
 * INTEGER PRIMARY KEY is the row's own id; any other key would be a second row (an index).
 *
 * Everything here is synchronous: what is called without an `await` between is one atomic step of the
 * object, confirmed before its reply leaves (Cloudflare: "SQLite-backed Durable Object Storage").
 */
export class Fragments {
  readonly #sql: SqlStorage;
  #exists: boolean;
  #length: number;
  #lastReceivedAt: number;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#exists = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'fragments'").toArray().length > 0;
    const last = this.#exists
      ? sql
          .exec<{ end: number; at: number }>(
            "SELECT offset + length(bytes) AS end, received_at AS at FROM fragments ORDER BY offset DESC LIMIT 1",
          )
          .toArray()[0]
      : undefined;
    this.#length = last?.end ?? 0;
    this.#lastReceivedAt = last?.at ?? 0;
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
        "CREATE TABLE fragments (offset INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, bytes BLOB NOT NULL)",
      );
      this.#exists = true;
    }
    this.#sql.exec(
      "INSERT INTO fragments (offset, received_at, bytes) VALUES (?, ?, ?)",
      this.#length,
      now,
      bytes,
    );
    this.#length += bytes.byteLength;
    this.#lastReceivedAt = now;
  }

  /** All bytes in order, in runs of rows of about 1 MiB; storage is read as the caller goes on. */
  *read(): Generator<Uint8Array, void, undefined> {
    for (let start = 0; start < this.#length; start += READ_AHEAD_BYTES) {
      // Read to the end at once: a cursor that is left open locks its table against the DROP below.
      const rows = this.#sql
        .exec<{ bytes: ArrayBuffer }>(
          "SELECT bytes FROM fragments WHERE offset >= ? AND offset < ? ORDER BY offset",
          start,
          start + READ_AHEAD_BYTES,
        )
        .toArray();
      for (const { bytes } of rows) yield new Uint8Array(bytes);
    }
  }

  /** Removes every byte. Dropping the table is billed as no row at all; deleting is, row by row. */
  discard(): void {
    if (this.#exists) this.#sql.exec("DROP TABLE fragments");
    this.#exists = false;
    this.#length = 0;
  }
}
