import { StoredBytes } from "./stored-bytes.ts";
import type { SessionRecord } from "./session-record.ts";

const VERSION: SessionRecord["version"] = 1;

/**
 * Everything that one session keeps: its record, its bytes, its alarm. The bytes have tables of their
 * own, because to drop a table is the cheapest way to release them; docs/storage-schema.md has the layout.
 */
export class SessionStore {
  readonly #storage: DurableObjectStorage;
  #record: SessionRecord | "newer" | null = null;
  #fragments: StoredBytes;
  #reply: StoredBytes;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#fragments = new StoredBytes(storage.sql, "fragments");
    this.#reply = new StoredBytes(storage.sql, "reply");
    this.#record = this.#readRecord();
  }

  /**
   * Null where nothing is stored: a new session, or one that has expired.
   *
   * @throws where an edge of a newer version has written it: what that one says must stay as it is
   */
  get record(): SessionRecord | null {
    if (this.#record === "newer")
      throw new Error("the session's record was stored by a newer version of the edge");
    return this.#record;
  }

  /** The request entity, as far as it has come. */
  get fragments(): StoredBytes {
    return this.#fragments;
  }

  /** The application's reply to an upload-reply. */
  get reply(): StoredBytes {
    return this.#reply;
  }

  /**
   * Runs `change` as one transaction: all of it is stored, or none and the error goes on.
   * Whatever leaves the object afterwards waits until it is confirmed on disk.
   */
  atomically(change: () => void): void {
    try {
      this.#storage.transactionSync(change);
    } catch (error) {
      this.#load();
      throw error;
    }
  }

  save(record: SessionRecord): void {
    if (this.#record === null) {
      this.#storage.sql.exec(
        "CREATE TABLE IF NOT EXISTS session (id INTEGER PRIMARY KEY, record TEXT NOT NULL)",
      );
    }
    this.#storage.sql.exec(
      "INSERT OR REPLACE INTO session (id, record) VALUES (0, ?)",
      JSON.stringify(record),
    );
    this.#record = record;
  }

  /** Wakes the object at `time`, milliseconds since 1970. Part of the transaction that it is called in. */
  wakeAt(time: number): void {
    void this.#storage.setAlarm(time);
  }

  /** Removes everything, the tables and the alarm too. */
  async forget(): Promise<void> {
    await this.#storage.deleteAll();
    this.#load();
  }

  #load(): void {
    this.#fragments = new StoredBytes(this.#storage.sql, "fragments");
    this.#reply = new StoredBytes(this.#storage.sql, "reply");
    this.#record = this.#readRecord();
  }

  #readRecord(): SessionRecord | "newer" | null {
    const { sql } = this.#storage;
    if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'session'").toArray().length === 0) return null;
    const row = sql.exec<{ record: string }>("SELECT record FROM session").toArray()[0];
    return row === undefined ? null : parseRecord(row.record);
  }
}

/** The stored text → the record. Older versions are brought up to date here and nowhere else. */
function parseRecord(json: string): SessionRecord | "newer" {
  const record = JSON.parse(json) as { readonly version: number };
  return record.version > VERSION ? "newer" : (record as SessionRecord);
}
