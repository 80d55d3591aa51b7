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
 * What is written without an `await` between, an alarm that is set included, is stored together or not at all. Nothing is
 * certain before `sync` has resolved, or the answer to a call has left: a crash takes back what was written later than
 * that, whole steps and the latest first.
 */
export interface HostStorage {
  readonly sql: HostSql;
  /** Runs `change`. If it throws, nothing that it wrote is stored, and the error goes on; the step it is part of goes on too. */
  transactionSync(change: () => void): void;
  /** Resolves when everything so far is on disk; rejects if it cannot be, and then the object is lost. */
  sync(): Promise<void>;
  /** Calls `SessionHost.alarm` at `time`, milliseconds since 1970, in place of the time that was set before. */
  setAlarm(time: number): Promise<void>;
  /** Removes all tables, the alarm and the file at once, in the step that calls it; not inside a transaction. */
  deleteAll(): Promise<void>;
}
