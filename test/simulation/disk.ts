import type { HostStorage, SqlValue } from "../../src/session/host-storage.ts";
import { Database, type StoredRow } from "./database.ts";

/** What was written without an `await` between: stored as a whole or not at all. */
interface Step {
  /** The alarm before it. */
  readonly alarm: number | null;
}

/**
 * The disk of one object, with the promises of `HostStorage` and not one more. Each step is a savepoint inside those
 * before it. What is confirmed stays; a crash rolls back to any step that is not.
 */
export class Disk implements HostStorage {
  readonly sql: HostStorage["sql"];
  /** When the object is to be rung, as far as is written. */
  alarm: number | null = null;
  /** Asked before each statement that writes; throws if there is no room. */
  refuse: () => void = () => undefined;
  /** Resolves when what `sync` waits for is confirmed. */
  whenSynced: (confirm: () => void) => Promise<void> = async (confirm) => confirm();
  readonly #database = Database.take();
  readonly #steps: Step[] = [];
  /** Number of the first step in `#steps`, since the disk is. */
  #first = 0;
  #confirmed = 0;
  #isOpen = false;
  #depth = 0;

  constructor() {
    this.sql = {
      exec: <Row extends Record<string, SqlValue>>(
        statement: string,
        ...bindings: readonly (string | number | null | Uint8Array)[]
      ) => {
        const rows = this.#execute(statement, bindings);
        return { toArray: () => rows as Row[] };
      },
    };
  }

  transactionSync(change: () => void): void {
    this.#begin();
    const name = `t${this.#depth}`;
    const { alarm } = this;
    this.#database.run(`SAVEPOINT ${name}`);
    this.#depth += 1;
    try {
      change();
    } catch (error) {
      this.#database.run(`ROLLBACK TO ${name}`);
      this.alarm = alarm;
      throw error;
    } finally {
      this.#depth -= 1;
      this.#database.run(`RELEASE ${name}`);
    }
  }

  async sync(): Promise<void> {
    const written = this.written();
    await this.whenSynced(() => this.confirm(written));
  }

  async setAlarm(time: number): Promise<void> {
    this.#begin();
    this.alarm = time;
  }

  async deleteAll(): Promise<void> {
    this.#begin();
    for (const name of this.tables) this.#database.run(`DROP TABLE ${name}`);
    this.alarm = null;
  }

  /** The alarm is taken to be rung, which is a step. */
  takeAlarm(): void {
    this.#begin();
    this.alarm = null;
  }

  /** How many steps were written so far. */
  written(): number {
    this.#isOpen = false;
    return this.#first + this.#steps.length;
  }

  /** The first `written` steps are on disk for ever. */
  confirm(written: number): void {
    this.#confirmed = Math.max(this.#confirmed, written);
    if (this.#confirmed < this.#first + this.#steps.length || this.#steps.length === 0) return;
    this.#database.run("RELEASE s0");
    this.#first += this.#steps.length;
    this.#steps.length = 0;
    this.#isOpen = false;
  }

  /** Steps that a crash may take back. */
  get unconfirmed(): number {
    return this.#first + this.#steps.length - Math.max(this.#confirmed, this.#first);
  }

  /** Takes back the last `lost` steps, of those that are not confirmed; the rest is confirmed by it. */
  crash(lost: number): void {
    this.#isOpen = false;
    this.#depth = 0;
    const kept = this.#steps.length - Math.min(lost, this.unconfirmed);
    const step = this.#steps[kept];
    if (step !== undefined) {
      this.#database.run(`ROLLBACK TO s${kept}`);
      this.#database.run(`RELEASE s${kept}`);
      this.alarm = step.alarm;
      this.#steps.length = kept;
    }
    this.confirm(this.written());
  }

  /** Rows of a question that is not the object's, at the end of what is written. */
  ask(statement: string, ...bindings: (string | number)[]): StoredRow[] {
    return this.#database.run(statement, bindings);
  }

  get tables(): ReadonlySet<string> {
    return this.#database.tables;
  }

  /** Changes with whatever may have changed a row. */
  get version(): number {
    return this.#database.version;
  }

  has(table: string): boolean {
    return this.tables.has(table);
  }

  /** Nobody uses it any more. */
  close(): void {
    this.#isOpen = false;
    this.confirm(this.written());
    this.#database.giveBack();
  }

  #execute(statement: string, bindings: readonly (string | number | null | Uint8Array)[]): unknown[] {
    if (!statement.startsWith("SELECT")) {
      this.refuse();
      this.#begin();
    }
    // What is written to be overwritten is as good as short.
    const given = statement.includes("zeroblob(?)") ? [10] : bindings;
    const rows = this.#database.run(statement, given);
    for (const row of rows) {
      const { bytes } = row;
      if (bytes instanceof Uint8Array) row["bytes"] = bytes.slice().buffer;
    }
    return rows;
  }

  /** A step ends where its code does: at the first `await`. */
  #begin(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#database.run(`SAVEPOINT s${this.#steps.length}`);
    this.#steps.push({ alarm: this.alarm });
    queueMicrotask(() => (this.#isOpen = false));
  }
}
