import type { HostStorage } from "./host-storage.ts";

/** SQLite's log has some 5 MiB, and to copy it into the database may take as much. */
const RESERVE_MEBIBYTES = 6;

/** Whether the object keeps room, and nothing else. */
const holds = ({ sql }: HostStorage): boolean =>
  sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'reserve'").toArray().length > 0;

/** Takes some MiB of the disk. Random bytes: a file system may keep zeros for nothing. */
export function holdReserve(storage: HostStorage): void {
  if (holds(storage)) return;
  storage.transactionSync(() => {
    storage.sql.exec("CREATE TABLE reserve (bytes BLOB NOT NULL)");
    for (let mebibyte = 0; mebibyte < RESERVE_MEBIBYTES; mebibyte++)
      storage.sql.exec("INSERT INTO reserve (bytes) VALUES (randomblob(1048576))");
  });
}

/** Gives the room back, by removing the whole file. */
export async function giveUpReserve(storage: HostStorage): Promise<void> {
  if (holds(storage)) await storage.deleteAll();
}
