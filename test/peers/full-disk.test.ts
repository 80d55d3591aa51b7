import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Bench, DIRECTORIES, type Upload } from "../faults/bench.ts";
import { FaultyOrigin } from "../faults/faulty-origin.ts";
import { cancelSession } from "../support/bits-client.ts";
import { startEdge } from "../support/edge.ts";
import { SmallDisk } from "./origins/small-disk.ts";
import { eventually } from "../support/eventually.ts";

/** The edge's objects are on a disk that is full, a small one: only root can mount it, and elsewhere this fails. */
const MEBIBYTE = 1024 * 1024;
const DISK_MEBIBYTES = 64;
/** More than there is room for, though the edge gives some back meanwhile. */
const LARGE_BYTES = 24 * MEBIBYTE + 5;
/** The edge's own, and what Windows repeats. */
const COME_BACK = { status: 503, errorCode: 0x801901f7, errorContext: 0x5 };

/** An object for each session, and one that all share, as it is served by default. */
describe.each([0, 1])("On a full disk, with SESSION_OBJECTS = %d,", (SESSION_OBJECTS) => {
  let folder: string;
  let disk: SmallDisk;
  let bench: Bench;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "disk-"));
    disk = await SmallDisk.mount(folder, `${DISK_MEBIBYTES}m`);
    const origin = await FaultyOrigin.start();
    const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: DIRECTORIES, SESSION_OBJECTS };
    bench = new Bench(await startEdge({ vars, storage: join(folder, "storage") }), origin);
  });

  afterEach(async () => {
    await bench.edge.stop();
    await bench.origin.stop();
    await disk[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it.each([
    ["goes on", async () => undefined],
    [
      "goes on in its next life",
      async () => {
        await bench.edge.kill();
        await bench.edge.restart();
      },
    ],
  ])("nothing is acked that is not stored, and it %s when there is room again", async (_, interrupt) => {
    const upload = await bench.begin(LARGE_BYTES);
    const makeRoom = await fillDisk();
    const { acked, refusal } = await sendUntilFull(upload);
    expect(refusal.status).toBeGreaterThanOrEqual(500); // which Windows repeats
    expect(acked).toBeGreaterThan(0);
    await makeRoom();
    await interrupt();
    expect(await upload.offset()).toBeGreaterThanOrEqual(acked);
    expect((await upload.send()).receivedContentRange).toBe(upload.bytes.length);
    await eventually(async () => expect((await upload.close()).status).toBe(200));
    expect((await bench.published(upload.destination))?.equals(upload.bytes)).toBe(true);
    expect(bench.commitsOf(upload.destination)).toHaveLength(1);
  });

  it("a Fragment is refused with 500, 0x80070070 and the offset ([MC-BUP] 2.2.1.2; ruling 4)", async () => {
    const upload = await bench.begin(LARGE_BYTES);
    await fillDisk();
    const { acked, refusal } = await sendUntilFull(upload);
    expect(refusal).toEqual({ status: 500, errorCode: 0x80070070, offset: acked });
  });

  it("a session can be cancelled, and its room is there for others", async () => {
    const neighbour = await bench.beginWhole(1_000);
    const upload = await bench.begin(LARGE_BYTES);
    await fillDisk();
    await sendUntilFull(upload);
    using connection = await bench.open();
    expect((await cancelSession(connection, upload.destination, upload.sessionId)).status).toBe(200);
    const other = await bench.beginWhole(2 * MEBIBYTE);
    for (const one of [other, neighbour]) expect((await one.close()).status).toBe(200);
  });

  it("a session can be cancelled where others have left nothing of the disk, and its room is there again", async () => {
    const neighbour = await bench.beginWhole(1_000);
    const upload = await bench.beginWhole(9 * MEBIBYTE + 5);
    const makeRoom = await fillDisk(0);
    expect((await upload.cancel()).status).toBe(200);
    await makeRoom();
    for (const one of [await bench.beginWhole(2 * MEBIBYTE), neighbour])
      await eventually(async () => expect((await one.close()).status).toBe(200));
  });

  describe.each(["/files/", "/notify/"])("Close-Session on a full disk (%s)", (directory) => {
    it("sends nothing, since what it would send could not be stored; it does when there is room", async () => {
      const upload = await bench.beginWhole(2 * MEBIBYTE + 5, directory);
      const makeRoom = await fillDisk(0);
      for (let attempt = 0; attempt < 2; attempt++) expect(await upload.close()).toMatchObject(COME_BACK);
      expect(bench.commitsOf(upload.destination)).toEqual([]);
      await makeRoom();
      for (let turn = 0; turn < 2; turn++) expect((await upload.close()).status).toBe(200);
      expect((await bench.published(upload.destination))?.equals(upload.bytes)).toBe(true);
      expect(bench.commitsOf(upload.destination)).toHaveLength(1);
    });

    it("is not answered 200 where the application's answer cannot be stored; it is sent again with the same key", async () => {
      const upload = await bench.beginWhole(2 * MEBIBYTE + 5, directory);
      const full = Promise.withResolvers<() => Promise<void>>();
      bench.origin.fault = async ({ socket, deliver }) => {
        const said = await deliver();
        full.resolve(await fillDisk(0));
        socket.end(said, "latin1");
      };
      expect(await upload.close()).toMatchObject(COME_BACK);
      bench.origin.fault = null;
      const makeRoom = await full.promise;
      await makeRoom();
      for (let turn = 0; turn < 2; turn++) expect((await upload.close()).status).toBe(200);
      expect((await bench.published(upload.destination))?.equals(upload.bytes)).toBe(true);
      const commits = bench.commitsOf(upload.destination);
      // A file is known again by its bytes; the application that is told has to know the key.
      const taken = commits.filter(({ status = 0 }) => status < 300);
      expect(taken).toHaveLength(directory === "/files/" ? 1 : 2);
      expect(new Set(commits.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    });
  });

  /** Something else takes the room of the objects; what it leaves is for a few pieces. */
  async function fillDisk(left = 8): Promise<() => Promise<void>> {
    const ballast = join(folder, "ballast");
    const { bavail, bsize } = await statfs(folder);
    const writing = writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - left * MEBIBYTE)));
    // The objects may write meanwhile; what is there of the ballast fills the disk then.
    await writing.catch(() => undefined);
    return async () => rm(ballast);
  }
});

/** Sends Fragments of a MiB until one is refused. @returns the offset that was acked last, and the refusal */
async function sendUntilFull(upload: Upload): Promise<{ acked: number; refusal: Answer }> {
  let acked = 0;
  for (;;) {
    const ack = await upload.send(acked, Math.min(acked + MEBIBYTE, upload.bytes.length));
    if (ack.status !== 200) {
      const { status, errorCode, receivedContentRange: offset } = ack;
      return { acked, refusal: { status, errorCode, offset } };
    }
    acked = ack.receivedContentRange ?? Number.NaN;
    if (acked === upload.bytes.length) throw new Error("there was room for all of it");
  }
}

interface Answer {
  readonly status: number;
  readonly errorCode: number | undefined;
  readonly offset: number | undefined;
}
