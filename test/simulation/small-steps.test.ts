import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { erase } from "../../src/session/erase.ts";
import type { HostStorage, SqlValue } from "../../src/session/host-storage.ts";
import { scrub } from "../../src/session/scrub.ts";
import { SessionTables } from "../../src/session/session-tables.ts";
import { StoredBytes } from "../../src/session/stored-bytes.ts";
import type { Surroundings } from "../../src/session/surroundings.ts";

const MEBIBYTE = 1 << 20;

/**
 * SQLite writes into its log before the end of a transaction if its cache is full, and may write to the same place again.
 * workerd's copy for a cluster's bucket ends at that ("capture lost", 1.20261117.1), and the object with it.
 */
test("a step that erases a slice of a shared object writes nothing into SQLite's log before its end", async () => {
  const { database, logBytes, storage } = await openDatabase();
  const tables = new SessionTables(storage);
  // As where several sessions share the object: bytes are overwritten before they are removed.
  tables.ensure("sessions");
  tables.ensure("sessions_by_id");
  const upload = new StoredBytes(tables, "fragments", 1, true);
  for (let piece = 0; piece < 4; piece++) upload.append(new Uint8Array(MEBIBYTE).fill(1), 1);

  for (let isOver = false; !isOver;) {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE); BEGIN");
    isOver = erase(tables, "fragments", 1);
    expect(logBytes()).toBe(0);
    database.exec("COMMIT");
  }
});

test("nor does a step that overwrites the log itself", async () => {
  const { database, logBytes, storage } = await openDatabase();
  const tables = new SessionTables(storage);
  tables.ensure("fragments");
  let steps = 0;
  const transactionSync = (change: () => void): void => {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE); BEGIN");
    change();
    expect(logBytes()).toBe(0);
    database.exec("COMMIT");
    steps += 1;
  };
  const world = { after: (_: number, work: () => void) => work() };
  await scrub({ tables, storage: { ...storage, transactionSync }, world } as unknown as Surroundings);
  expect(steps).toBeGreaterThan(0);
});

/** A database on disk, as workerd opens an object's. */
async function openDatabase() {
  const folder = await mkdtemp(join(tmpdir(), "bits-erase-"));
  const path = join(folder, "sessions.sqlite");
  const database = new DatabaseSync(path);
  onTestFinished(async () => {
    database.close();
    await rm(folder, { recursive: true, force: true });
  });
  // Two megabytes are SQLite's own default, which the runtime leaves as it is.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -2000");
  return { database, logBytes: () => statSync(`${path}-wal`).size, storage: storageOf(database) };
}

function unused(): never {
  throw new Error("not needed here");
}

function storageOf(database: DatabaseSync): HostStorage {
  return {
    sql: {
      exec: <Row extends Record<string, SqlValue>>(
        statement: string,
        ...bindings: readonly (string | number | null | Uint8Array)[]
      ) => {
        const rows = database.prepare(statement).all(...bindings) as Row[];
        return { toArray: () => rows };
      },
    },
    transactionSync: unused,
    sync: unused,
    setAlarm: unused,
    deleteAll: unused,
  };
}
