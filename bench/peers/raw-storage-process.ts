import { randomFillSync } from "node:crypto";
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What a disk can do without a server: the same pieces, as durable, by the shortest way. */
export interface RawStorageJob {
  readonly kind: "sqlite" | "file";
  readonly folder: string;
  readonly totalBytes: number;
  readonly fragmentBytes: number;
}

export interface RawStorageResult {
  readonly writeMilliseconds: number;
  readonly readMilliseconds: number;
}

/** The edge's largest row; a larger fragment is several rows of one transaction here. */
const PIECE_BYTES = 1 << 20;

function run(job: RawStorageJob): RawStorageResult {
  const folder = mkdtempSync(join(job.folder, "raw-"));
  try {
    return job.kind === "sqlite" ? runSqlite(job, folder) : runFile(job, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As workerd opens an object's database: write-ahead log, and `fsync` at the end of each transaction. */
function runSqlite({ totalBytes, fragmentBytes }: RawStorageJob, folder: string): RawStorageResult {
  const database = new DatabaseSync(join(folder, "raw.sqlite"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  database.exec(
    "CREATE TABLE fragments (offset INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, bytes BLOB NOT NULL)",
  );
  const piece = randomFillSync(Buffer.allocUnsafe(Math.min(PIECE_BYTES, fragmentBytes)));
  const [begin, commit] = [database.prepare("BEGIN"), database.prepare("COMMIT")];
  const insert = database.prepare("INSERT INTO fragments (offset, received_at, bytes) VALUES (?, ?, ?)");

  const writing = performance.now();
  for (let first = 0; first < totalBytes; first += fragmentBytes) {
    const end = Math.min(first + fragmentBytes, totalBytes);
    begin.run();
    for (let offset = first; offset < end; offset += piece.byteLength) {
      insert.run(offset, Date.now(), piece.subarray(0, Math.min(piece.byteLength, end - offset)));
    }
    commit.run();
  }
  const reading = performance.now();
  const select = database.prepare(
    "SELECT bytes FROM fragments WHERE offset >= ? AND offset < ? ORDER BY offset",
  );
  let read = 0;
  for (let start = 0; start < totalBytes; start += PIECE_BYTES) {
    for (const row of select.all(start, start + PIECE_BYTES)) read += (row["bytes"] as Uint8Array).byteLength;
  }
  const end = performance.now();
  database.close();
  if (read !== totalBytes) throw new Error(`${read} bytes were read of ${totalBytes}`);
  return { writeMilliseconds: reading - writing, readMilliseconds: end - reading };
}

/** One file, with an `fsync` after each fragment. */
function runFile({ totalBytes, fragmentBytes }: RawStorageJob, folder: string): RawStorageResult {
  const fragment = randomFillSync(Buffer.allocUnsafe(fragmentBytes));
  const file = openSync(join(folder, "raw.bin"), "w");
  const writing = performance.now();
  for (let first = 0; first < totalBytes; first += fragmentBytes) {
    writeSync(file, fragment, 0, Math.min(fragmentBytes, totalBytes - first));
    fsyncSync(file);
  }
  const writeMilliseconds = performance.now() - writing;
  closeSync(file);
  return { writeMilliseconds, readMilliseconds: Number.NaN };
}

process.on("message", (job: RawStorageJob) => {
  try {
    process.send?.({ result: run(job) });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
process.on("disconnect", () => process.exit());
