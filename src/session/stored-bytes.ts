import { erase } from "./erase.ts";
import type { ByteTable } from "./schema.ts";
import { LARGEST_UPLOAD_BYTES, OFFSET_BITS, type SessionTables } from "./session-tables.ts";

/** One read of storage takes the rows that start within so many bytes. */
const READ_AHEAD_BYTES = 1024 * 1024;
/** Dropping a table of this size takes some ten milliseconds. */
const DROPPED_AT_ONCE_BYTES = 16 * 1024 * 1024;

/** `id` of a row: the session's key and the offset of the row's first byte. Shifted by SQLite: JavaScript has 53 bits. */
const ID = `(? << ${OFFSET_BITS}) | ?`;
const OFFSET = `(id & ${LARGEST_UPLOAD_BYTES})`;

/** One stored piece, and its place. */
export interface StoredRow {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * Bytes that belong together, such as a session's upload or the application's reply to it. They are contiguous from 0, and
 * are rows of a table that all sessions of an object share. The key of a row says the offset of its first byte, so a piece
 * costs one written row, and the length needs no row of its own: bytes and offset cannot disagree.
 *
 * Everything here is synchronous: calls without an `await` between them are one step of the object.
 */
export class StoredBytes {
  readonly #tables: SessionTables;
  readonly #table: ByteTable;
  readonly #key: number;
  #length = 0;
  #lastReceivedAt = 0;

  /**
   * @param key whose bytes: nobody else's in this table
   * @param isNew whether nothing can be stored under the key yet, so that nobody needs to look
   */
  constructor(tables: SessionTables, table: ByteTable, key: number, isNew: boolean) {
    this.#tables = tables;
    this.#table = table;
    this.#key = key;
    if (!isNew) this.#measure();
  }

  /** How many bytes are stored; the offset that the next piece has to start at. */
  get length(): number {
    return this.#length;
  }

  /** When the last piece came, milliseconds since 1970; 0 if there is none. */
  get lastReceivedAt(): number {
    return this.#lastReceivedAt;
  }

  /** Adds bytes at the end. An empty piece stores nothing. */
  append(bytes: Uint8Array, now: number): void {
    if (bytes.byteLength === 0) return;
    if (this.#length + bytes.byteLength > LARGEST_UPLOAD_BYTES)
      throw new RangeError("an upload of more than 1 TiB has no place in a session's keys");
    this.#tables.ensure(this.#table);
    this.#tables.sql.exec(
      `INSERT INTO ${this.#table} (id, received_at, bytes) VALUES (${ID}, ?, ?)`,
      this.#key,
      this.#length,
      now,
      bytes,
    );
    this.#length += bytes.byteLength;
    this.#lastReceivedAt = now;
  }

  /** The bytes from `start` up to, not including, `end`, piece by piece; storage is read as the caller goes on. */
  *read(start = 0, end = this.#length): Generator<Uint8Array, void, undefined> {
    if (start >= end || !this.#tables.has(this.#table)) return;
    for (let from = start === 0 ? 0 : this.#rowOf(start); from < end; from += READ_AHEAD_BYTES) {
      for (const { offset, bytes } of this.rows(from, Math.min(from + READ_AHEAD_BYTES, end))) {
        const last = Math.min(bytes.byteLength, end - offset);
        if (last > 0 && start - offset < last) yield bytes.subarray(Math.max(0, start - offset), last);
      }
    }
  }

  /**
   * Removes some bytes, from the beginning on. After that, the rest may only be removed too.
   *
   * @param mayDrop whether nothing else is in the table: a small table is then dropped, which is billed as no row
   * @returns whether none is left
   */
  removeSome(mayDrop: boolean): boolean {
    if (this.#length === 0 || !this.#tables.has(this.#table)) return true;
    const isDropped = mayDrop && this.#length <= DROPPED_AT_ONCE_BYTES;
    if (isDropped) this.#tables.drop(this.#table);
    const isAll = isDropped || erase(this.#tables, this.#table, this.#key);
    if (isAll) this.#length = 0;
    return isAll;
  }

  /** The rows that start between `from` and `end`. All are read at once: a cursor that is left open locks its table. */
  protected rows(from: number, end: number): StoredRow[] {
    if (!this.#tables.has(this.#table)) return [];
    return this.#tables.sql
      .exec<{ offset: number; bytes: ArrayBuffer }>(
        `SELECT ${OFFSET} AS offset, bytes FROM ${this.#table} WHERE id >= (${ID}) AND id < (${ID}) ORDER BY id`,
        this.#key,
        from,
        this.#key,
        end,
      )
      .toArray()
      .map(({ offset, bytes }) => ({ offset, bytes: new Uint8Array(bytes) }));
  }

  /** Removes the rows that start before `end`: their bytes are somewhere else now. */
  protected removeBefore(end: number): void {
    while (!erase(this.#tables, this.#table, this.#key, end - 1));
  }

  /** The first byte of the row that `offset` is in. */
  #rowOf(offset: number): number {
    const [row] = this.#tables.sql
      .exec<{ first: number }>(
        `SELECT ${OFFSET} AS first FROM ${this.#table} WHERE id >= (${ID}) AND id <= (${ID}) ORDER BY id DESC LIMIT 1`,
        this.#key,
        0,
        this.#key,
        offset,
      )
      .toArray();
    return row?.first ?? 0;
  }

  #measure(): void {
    if (!this.#tables.has(this.#table)) return;
    const [last] = this.#tables.sql
      .exec<{ end: number; at: number }>(
        `SELECT ${OFFSET} + length(bytes) AS end, received_at AS at FROM ${this.#table}
          WHERE id >= (${ID}) AND id <= (${ID}) ORDER BY id DESC LIMIT 1`,
        this.#key,
        0,
        this.#key,
        LARGEST_UPLOAD_BYTES,
      )
      .toArray();
    this.#length = last?.end ?? 0;
    this.#lastReceivedAt = last?.at ?? 0;
  }
}
