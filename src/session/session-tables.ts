import type { SessionId } from "../protocol/session-id.ts";
import type { HostStorage, SqlValue } from "./host-storage.ts";
import { type ByteTable, SCHEMA, type TableName } from "./schema.ts";

/**
 * A session's bytes are rows with this part of an integer key to themselves: the session's own key in the upper bits,
 * the offset of a row's first byte in the lower. So a row has no other key, which would be a second row written.
 */
export const OFFSET_BITS = 40;
/** 1 TiB; and sessions an object may have at one time. */
export const LARGEST_UPLOAD_BYTES = 2 ** OFFSET_BITS - 1;
const LAST_KEY = 2 ** (63 - OFFSET_BITS) - 1;

/** A session's own row. */
export interface SessionRow {
  readonly [column: string]: SqlValue;
  readonly key: number;
  readonly id: SessionId;
  /** When somebody has to look after the session, milliseconds since 1970. */
  readonly due: number;
  /** JSON, if an edge has written it; null once the session is forgotten and only its bytes are left to be removed. */
  readonly record: SqlValue;
}

/** The tables of one object, with the rows of all its sessions. */
export class SessionTables {
  readonly #storage: HostStorage;
  #existing: ReadonlySet<string> = new Set();
  /** Whether bytes were overwritten since the last `scrub`. */
  hasErased = false;
  /** Whether the disk has no room for what can be left out, such as overwriting, in this life of the object. */
  isShortOfRoom = false;
  #lastKey = 0;

  constructor(storage: HostStorage) {
    this.#storage = storage;
    this.reload();
  }

  get sql(): HostStorage["sql"] {
    return this.#storage.sql;
  }

  /** One question finds out what there is: most objects that wake have nothing. Also after a change that was taken back. */
  reload(): void {
    const rows = this.sql.exec<{ name: string }>("SELECT name FROM sqlite_master").toArray();
    this.#existing = new Set(rows.map(({ name }) => name));
  }

  has(name: TableName): boolean {
    return this.#existing.has(name);
  }

  ensure(name: TableName): void {
    if (this.has(name)) return;
    this.sql.exec(SCHEMA[name]);
    this.#existing = new Set([...this.#existing, name]);
  }

  /** Dropping a table is billed as no row at all. */
  drop(name: ByteTable): void {
    if (this.has(name)) this.sql.exec(`DROP TABLE ${name}`);
    this.#existing = new Set([...this.#existing].filter((other) => other !== name));
  }

  /** Whether several sessions are here, or were. One that is alone needs no index, and has its tables to itself. */
  get isShared(): boolean {
    return this.has("sessions_by_id");
  }

  /** A key for a session that has no row yet; nobody else gets it in this life of the object. */
  nextKey(): number {
    if (this.#lastKey === 0) this.#lastKey = this.#greatestKey();
    do {
      this.#lastKey = this.#lastKey >= LAST_KEY ? 1 : this.#lastKey + 1;
    } while (this.#isTaken(this.#lastKey));
    return this.#lastKey;
  }

  find(id: SessionId): SessionRow | null {
    if (!this.has("sessions")) return null;
    return this.sql.exec<SessionRow>("SELECT * FROM sessions WHERE id = ?", id).toArray()[0] ?? null;
  }

  insert({ key, id, due, record }: SessionRow & { readonly record: string }): void {
    if (!this.isShared && this.#hasRows("sessions")) {
      this.ensure("sessions_by_id");
      this.ensure("sessions_by_due");
    }
    this.ensure("sessions");
    this.sql.exec("INSERT INTO sessions (key, id, due, record) VALUES (?, ?, ?, ?)", key, id, due, record);
  }

  setRecord(key: number, record: string): void {
    this.sql.exec("UPDATE sessions SET record = ? WHERE key = ?", record, key);
  }

  setRecordAndDue(key: number, record: string | null, due: number): void {
    this.sql.exec("UPDATE sessions SET record = ?, due = ? WHERE key = ?", record, due, key);
  }

  setDue(key: number, due: number): void {
    this.sql.exec("UPDATE sessions SET due = ? WHERE key = ?", due, key);
  }

  remove(key: number): void {
    this.sql.exec("DELETE FROM sessions WHERE key = ?", key);
  }

  /** Whether there is nothing left that a later life would need. */
  get isEmpty(): boolean {
    return !this.#hasRows("sessions") && !this.hasOpenSessions && !this.hasSegments;
  }

  /** Whether sessions are counted here, which need not have stored anything else. */
  get hasOpenSessions(): boolean {
    return this.#hasRows("open");
  }

  /** Whether other objects have bytes of a session that is here, or was. */
  get hasSegments(): boolean {
    return this.#hasRows("moved");
  }

  /** The next `limit` sessions that are due at `now`, in order, after the one that was given last. */
  dueAt(now: number, after: { readonly due: number; readonly key: number }, limit: number): DueRow[] {
    if (!this.has("sessions")) return [];
    return this.sql
      .exec<DueRow>(
        "SELECT key, id, due FROM sessions WHERE due <= ? AND (due, key) > (?, ?) ORDER BY due, key LIMIT ?",
        now,
        after.due,
        after.key,
        limit,
      )
      .toArray();
  }

  /** When the first session is due after `now`; Infinity if none is. */
  firstDueAfter(now: number): number {
    if (!this.has("sessions")) return Number.POSITIVE_INFINITY;
    const [row] = this.sql
      .exec<{ due: number | null }>("SELECT min(due) AS due FROM sessions WHERE due > ?", now)
      .toArray();
    return row?.due ?? Number.POSITIVE_INFINITY;
  }

  /** Up to `limit` sessions by their keys, from the first after `key` on. */
  page(key: number, limit: number): SessionRow[] {
    if (!this.has("sessions")) return [];
    return this.sql
      .exec<SessionRow>("SELECT * FROM sessions WHERE key > ? ORDER BY key LIMIT ?", key, limit)
      .toArray();
  }

  /** Everything is gone: the tables, and the file with them. */
  async deleteAll(): Promise<void> {
    const deleted = this.#storage.deleteAll();
    this.#existing = new Set();
    await deleted;
  }

  #hasRows(table: "sessions" | "open" | "moved"): boolean {
    return this.has(table) && this.sql.exec(`SELECT 1 FROM ${table} LIMIT 1`).toArray().length > 0;
  }

  #greatestKey(): number {
    if (!this.has("sessions")) return 0;
    const [row] = this.sql.exec<{ key: number | null }>("SELECT max(key) AS key FROM sessions").toArray();
    return row?.key ?? 0;
  }

  #isTaken(key: number): boolean {
    return (
      this.has("sessions") && this.sql.exec("SELECT 1 FROM sessions WHERE key = ?", key).toArray().length > 0
    );
  }
}

type DueRow = { readonly [column: string]: SqlValue } & Pick<SessionRow, "key" | "id" | "due">;
