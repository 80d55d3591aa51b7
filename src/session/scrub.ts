import { giveWay } from "./give-way.ts";
import type { SessionTables } from "./session-tables.ts";
import type { SessionWorld } from "./session-world.ts";

/**
 * SQLite's log has some 5 MiB: so many rows, each as large as a row may be, push everything that was erased out of it.
 */
const ROW_BYTES = 2_000_000;
const ROWS = 6;

/**
 * Writes zeros until erased bytes are overwritten on the disk too. They lie in the database until SQLite copies its log
 * there, and in the log until new rows are written over them. Both happen as sessions go on, but before a quiet hour the
 * bytes of the last session would stay.
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
