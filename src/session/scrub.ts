import { giveWay } from "./give-way.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * SQLite's log has some 5 MiB: so many rows push everything that was erased out of it. A row, like a slice of `erase`, has
 * room in SQLite's cache.
 */
const ROW_BYTES = 1_000_000;
const ROWS = 12;

/**
 * Writes zeros until erased bytes are overwritten on the disk too. They lie in the database until SQLite copies its log
 * there, and in the log until new rows are written over them. Both happen as sessions go on, but before a quiet hour the
 * bytes of the last session would stay.
 *
 * On a full disk a row of zeros either comes and goes, or was never there.
 */
export async function scrub({ storage, tables, world }: Surroundings): Promise<void> {
  tables.hasErased = false;
  try {
    for (let count = 0; count < ROWS && tables.has("fragments"); count++) {
      storage.transactionSync(() => {
        // No session has the key 0.
        tables.sql.exec(
          "INSERT INTO fragments (id, received_at, bytes) VALUES (0, 0, zeroblob(?))",
          ROW_BYTES,
        );
        tables.sql.exec("DELETE FROM fragments WHERE id = 0");
      });
      await giveWay(world);
    }
  } catch (error) {
    tables.hasErased = true; // the disk is full: a later alarm does it
    throw error;
  }
}
