/** A value of a row, as SQLite gives it. */
export type SqlValue = string | number | null | ArrayBuffer;

/** Statements in SQLite's words. Synchronous: what is called without an `await` between is one step of the object. */
interface HostSql {
  exec<Row extends Record<string, SqlValue>>(
    statement: string,
    ...bindings: readonly (string | number | null | Uint8Array)[]
  ): { toArray(): Row[] };
}

/**
 * The storage of one host and all its sessions: the part of a `DurableObjectStorage` that they use.
 *
 * Writes without an `await` between them, an alarm included, are one step, which is stored as a whole or not at all. A
 * step is certain once `sync` has resolved after it, or the answer to its call has left. A crash takes later steps back,
 * each as a whole and the latest first.
 */
export interface HostStorage {
  readonly sql: HostSql;
  /**
   * Runs `change`. If `change` throws, its writes are taken back and the error goes on; the other writes of the step
   * are stored.
   */
  transactionSync(change: () => void): void;
  /** Resolves when everything so far is on disk. If the disk refuses, it rejects, and the object is lost. */
  sync(): Promise<void>;
  /** Calls `SessionHost.alarm` at `time`, milliseconds since 1970, in place of the time that was set before. */
  setAlarm(time: number): Promise<void>;
  /** Removes all tables, the alarm and the file at once, in the step that calls it; not inside a transaction. */
  deleteAll(): Promise<void>;
}
