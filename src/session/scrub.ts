import { giveWay } from "./give-way.ts";
import type { SessionTables } from "./session-tables.ts";
import type { SessionWorld } from "./session-world.ts";

/** As large as a row may be, and as many as push whatever was erased before out of SQLite's log: it has some 5 MiB. */
const ROW_BYTES = 2_000_000;
const ROWS = 6;

/**
 * Writes zeros until what was erased is overwritten on the disk too. Erased bytes lie in the database until SQLite's log
 * has been copied there, and in the log until others are written over them; both happen as sessions go on, but the last
 * one before a quiet hour would have to wait.
 */
export async function scrub(tables: SessionTables, world: SessionWorld): Promise<void> {
  tables.hasErased = false;
  for (let count = 0; count < ROWS && tables.has("fragments"); count++) {
    // No session has the key 0.
    tables.sql.exec("INSERT INTO fragments (id, received_at, bytes) VALUES (0, 0, zeroblob(?))", ROW_BYTES);
    tables.sql.exec("DELETE FROM fragments WHERE id = 0");
    await giveWay(world);
  }
}
