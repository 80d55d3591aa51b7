import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startEdge } from "../support/edge.ts";
import { eventually } from "../support/eventually.ts";
import { diskUsage, isInFiles } from "../support/folder-usage.ts";
import { Bench } from "./bench.ts";
import { FaultyOrigin } from "./faulty-origin.ts";

const MEBIBYTE = 1024 * 1024;
/** More than goes in one slice. */
const UPLOAD_BYTES = 9 * MEBIBYTE + 5;
const ROUNDS = 10;
const UPLOADS_IN_A_ROUND = 3;

let folder: string;
let storage: string;
let bench: Bench;

async function start(sessionObjects: number): Promise<void> {
  const origin = await FaultyOrigin.start();
  const directories = [{ path: "/files/" }, { path: "/brief/", session_timeout_seconds: 4 }];
  const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: directories, SESSION_OBJECTS: sessionObjects };
  bench = new Bench(await startEdge({ vars, storage }), origin);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "disk-"));
  storage = join(folder, "storage");
});

afterEach(async () => {
  await bench.stop();
  await rm(folder, { recursive: true });
});

describe("The disk of an edge whose sessions share an object", () => {
  it("is used again: after ten rounds of uploads it holds no more than after two", async () => {
    await start(1);
    const after: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (let count = 0; count < UPLOADS_IN_A_ROUND; count++) {
        const upload = await bench.beginWhole(UPLOAD_BYTES, {
          directory: "/files/",
          fragmentBytes: MEBIBYTE,
        });
        expect((await (count === 0 ? upload.cancel() : upload.close())).status).toBe(200);
      }
      after.push(await diskUsage(storage));
    }
    // A log file of SQLite's, and the records of the sessions, come on top of the bytes.
    expect(after.at(-1)).toBeLessThanOrEqual((after[1] ?? 0) + MEBIBYTE);
  });

  it.each(["close", "cancel"] as const)("is overwritten after %s", async (end) => {
    await start(1);
    await bench.beginWhole(1_000); // a neighbour
    const upload = await bench.beginWhole(UPLOAD_BYTES, { directory: "/files/", fragmentBytes: MEBIBYTE });
    // The beginning of a piece shares a page with other pieces', and SQLite moves it about: copies of that may stay.
    const samples = Array.from({ length: 36 }, (_, count) => {
      const at = (count >> 2) * MEBIBYTE + 8192 + (count % 4) * 250_000;
      return upload.bytes.subarray(at, at + 64);
    });
    expect(await isInFiles(storage, samples[20] ?? upload.bytes)).toBe(true);
    expect((await upload[end]()).status).toBe(200);
    for (const sample of samples)
      await eventually(async () => expect(await isInFiles(storage, sample)).toBe(false));
  });

  it("goes on with what was left to be removed when the edge is killed", async () => {
    await start(1);
    await bench.beginWhole(1_000); // a neighbour
    const upload = await bench.beginWhole(3 * UPLOAD_BYTES, {
      directory: "/files/",
      fragmentBytes: 4 * MEBIBYTE,
    });
    expect((await upload.cancel()).status).toBe(200);
    await bench.edge.kill();
    await bench.edge.restart();
    const last = upload.bytes.subarray(-500_000, -499_936);
    await eventually(async () => expect(await isInFiles(storage, last)).toBe(false));
  });
});

describe.each([0, 1])("The disk of an edge with SESSION_OBJECTS = %d", (sessionObjects) => {
  it("is given back when the last session of an object has timed out", async () => {
    await start(sessionObjects);
    const upload = await bench.beginWhole(UPLOAD_BYTES, { directory: "/brief/", fragmentBytes: MEBIBYTE });
    expect(await diskUsage(storage)).toBeGreaterThan(UPLOAD_BYTES);
    expect((await upload.close()).status).toBe(200);
    // An empty database, and its alarm's; where sessions share an object, also what is kept for cancels on a full disk.
    const reserve = sessionObjects === 0 ? 0 : 6 * MEBIBYTE;
    await eventually(async () => expect(await diskUsage(storage)).toBeLessThan(reserve + 256 * 1024));
  });
});
