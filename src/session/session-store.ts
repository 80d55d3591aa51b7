import { type NoRecord, parseRecord } from "./parse-record.ts";
import { StoredBytes } from "./stored-bytes.ts";
import type { SessionRecord } from "../protocol/session-record.ts";
import { needs } from "../protocol/transitions.ts";

/** To drop as much takes some milliseconds, and 10 GB take seconds: no client is to wait for that. */
const RELEASED_AT_ONCE_BYTES = 16 * 1024 * 1024;
const RELEASED_LATER_MS = 1_000;

/** What an object has in memory of its storage. */
interface Kept {
  /** Null where nothing is stored: a new session, or one that has expired. */
  readonly record: SessionRecord | NoRecord | null;
  /** The request entity, as far as it has come. */
  readonly fragments: StoredBytes;
  /** The application's reply to an upload-reply. */
  readonly reply: StoredBytes;
}

const WHY: { readonly [reason in NoRecord]: string } = {
  newer: "the session's record was stored by a newer version of the edge",
  unreadable: "what is stored as the session's record cannot be read",
};

/**
 * Everything that one session keeps: its record, its bytes, its alarm. The bytes have tables of their
 * own, because to drop a table is the cheapest way to release them; docs/storage-schema.md has the layout.
 */
export class SessionStore {
  readonly #storage: DurableObjectStorage;
  #kept: Kept;
  /** When the alarm rings, milliseconds since 1970, as far as this instance has set it. */
  #ringsAt = Number.POSITIVE_INFINITY;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#kept = load(storage.sql);
  }

  /** @throws where something is stored that this edge cannot go by */
  get record(): SessionRecord | null {
    const { record } = this.#kept;
    if (typeof record === "string") throw new Error(WHY[record]);
    return record;
  }

  /** The record, for those that only tell of it; null also where this edge cannot go by it. */
  get knownRecord(): SessionRecord | null {
    const { record } = this.#kept;
    return typeof record === "string" ? null : record;
  }

  /** Whether what is stored as the record is none, and never will be. */
  get isUnreadable(): boolean {
    return this.#kept.record === "unreadable";
  }

  /** Bytes of the entity that are here, or were until they were delivered. */
  get offset(): number {
    const { knownRecord, fragments } = this;
    switch (knownRecord?.state) {
      case "committed":
      case "delivered":
        return knownRecord.total ?? 0;
      case "discarded":
      case "cancelled":
        return 0;
      default:
        return fragments.length;
    }
  }

  get fragments(): StoredBytes {
    return this.#kept.fragments;
  }

  get reply(): StoredBytes {
    return this.#kept.reply;
  }

  /**
   * Runs `change` as one transaction: all of it is stored, or none and the error goes on.
   * Whatever leaves the object afterwards waits until it is confirmed on disk.
   */
  atomically(change: () => void): void {
    try {
      this.#storage.transactionSync(change);
    } catch (error) {
      this.#kept = load(this.#storage.sql);
      this.rang();
      throw error;
    }
  }

  /**
   * Resolves when all that was stored is on disk. The output gate holds responses and `fetch` for as long by itself;
   * `connect()` it does not (workerd, src/workerd/api/sockets.c++, `connectImpl`).
   */
  async confirmed(): Promise<void> {
    await this.#storage.sync();
  }

  save(record: SessionRecord): void {
    if (this.record === null) {
      this.#storage.sql.exec(
        "CREATE TABLE IF NOT EXISTS session (id INTEGER PRIMARY KEY, record TEXT NOT NULL)",
      );
    }
    this.#storage.sql.exec(
      "INSERT OR REPLACE INTO session (id, record) VALUES (0, ?)",
      JSON.stringify(record),
    );
    this.#kept = { ...this.#kept, record };
  }

  /**
   * Stores a change after which the session may need some of its bytes no more: a few go in the same transaction,
   * many by the alarm, soon after the client has its Ack.
   *
   * @param until when everything is removed, milliseconds since 1970
   */
  saveAndRelease(record: SessionRecord, until: number): void {
    this.save(record);
    const isMuch = this.#waste.reduce((sum, { length }) => sum + length, 0) > RELEASED_AT_ONCE_BYTES;
    if (!isMuch) this.release();
    this.wakeBy(isMuch ? Date.now() + RELEASED_LATER_MS : until);
  }

  /** Removes the bytes that the session does not need any more. */
  release(): void {
    for (const bytes of this.#waste) bytes.discard();
  }

  /** What is stored, perhaps, and will not be read again. */
  get #waste(): StoredBytes[] {
    if (this.record === null) return [];
    const { entity, reply } = needs(this.record);
    return [...(entity ? [] : [this.fragments]), ...(reply ? [] : [this.reply])];
  }

  /**
   * Wakes the object at `time`, milliseconds since 1970, or before. Part of the transaction that it is called in. An
   * alarm that is set already is left where it is: whom it wakes too early sets it again, and by then nobody waits.
   * To move one is a row written, and on a disk a transaction of its own.
   */
  wakeBy(time: number): void {
    if (this.#ringsAt <= time) return;
    this.#ringsAt = time;
    void this.#storage.setAlarm(time);
  }

  /** The alarm has rung, or nobody knows any more when it will: the next that is asked for is set. */
  rang(): void {
    this.#ringsAt = Number.POSITIVE_INFINITY;
  }

  /** Removes everything, the tables and the alarm too. */
  async forget(): Promise<void> {
    await this.#storage.deleteAll();
    this.rang();
    this.#kept = load(this.#storage.sql);
  }
}

/**
 * What is stored; one question finds which tables there are, since most objects that wake have none. Whatever a table
 * has for a record, this does not throw: an object without a constructor has no alarm either, and nobody removes it.
 */
function load(sql: SqlStorage): Kept {
  const rows = sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name IN ('session', 'fragments', 'reply')")
    .toArray();
  const tables = new Set(rows.map(({ name }) => name));
  const row = tables.has("session")
    ? sql.exec<{ record: SqlStorageValue }>("SELECT record FROM session").toArray()[0]
    : undefined;
  return {
    record: row === undefined ? null : parseRecord(row.record),
    fragments: new StoredBytes(sql, "fragments", tables.has("fragments")),
    reply: new StoredBytes(sql, "reply", tables.has("reply")),
  };
}
