import { readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { ServeError } from "./serve-error.ts";

/** Who holds a state folder, for whoever comes second. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
  /** Process of its runtime; null where it is not started yet. */
  readonly runtime: number | null;
}

/** SQLite's SQLITE_BUSY: another process has the lock. */
const BUSY = 5;
/** A runtime is ended by the end of the program that started it, which takes some milliseconds. */
const RUNTIME_END_MILLISECONDS = 5_000;

/**
 * The right to a state folder. Two runtimes on one folder lose uploads, so the second edge has to be told.
 *
 * The lock is the system's own, taken by SQLite on a file of the folder: it ends with the process that holds it, however
 * that ends, and is seen by the other containers of a machine. Who holds it is in a file beside it, which proves nothing.
 */
export class StateLock {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #since = new Date().toISOString();

  private constructor(folder: string) {
    this.#path = join(folder, "edge.lock.json");
    this.#database = new DatabaseSync(join(folder, "edge.lock"));
    try {
      this.#database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /**
   * Takes the folder, for as long as this process lives.
   *
   * @throws ServeError that names the edge that has it
   */
  static async take(folder: string): Promise<StateLock> {
    const before = await readHolder(folder);
    let lock: StateLock;
    try {
      lock = new StateLock(folder);
    } catch (error) {
      if (error instanceof Error && "errcode" in error && error.errcode === BUSY) throw inUse(folder, before);
      throw error;
    }
    await untilGone(folder, before);
    lock.holds(null);
    return lock;
  }

  /** Tells others which process is the runtime. */
  holds(runtime: number | null): void {
    const holder: Holder = { pid: process.pid, host: hostname(), since: this.#since, runtime };
    writeFileSync(this.#path, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  }

  /** Gives the folder back. */
  free(): void {
    this.#database.close();
  }
}

async function readHolder(folder: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(join(folder, "edge.lock.json"), "utf8")) as Holder;
  } catch {
    return null;
  }
}

function inUse(folder: string, holder: Holder | null): ServeError {
  const who =
    holder === null
      ? "another edge"
      : `another edge: process ${holder.pid} on ${holder.host}, since ${holder.since}`;
  return new ServeError(
    `The state folder ${folder} is in use by ${who}. Two edges on one folder lose uploads: end that one first, ` +
      "or choose another folder with --state.",
  );
}

/** The runtime of an edge that was killed outlives it for a moment, and has the folder's databases open. */
async function untilGone(folder: string, holder: Holder | null): Promise<void> {
  const pid = holder?.runtime ?? null;
  if (pid === null || holder?.host !== hostname()) return;
  const deadline = Date.now() + RUNTIME_END_MILLISECONDS;
  while (servesFrom(folder, pid)) {
    if (Date.now() > deadline) {
      throw new ServeError(
        `The state folder ${folder} is still in use by the runtime of an edge that has ended: process ${pid}. End it first.`,
      );
    }
    await pause(20);
  }
}

/** By its command line, because its number may be another program's by now. Where there is no /proc: no. */
function servesFrom(folder: string, pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`state=${folder}\0`);
  } catch {
    return false;
  }
}
