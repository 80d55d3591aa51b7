import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cancelSession } from "../support/bits-client.ts";
import { startEdge } from "../support/edge.ts";
import { atProcessEnd } from "../support/process-end.ts";
import { Bench, DIRECTORIES, type Upload, useBench } from "./bench.ts";
import { FaultyOrigin } from "./faulty-origin.ts";

const MEBIBYTE = 1024 * 1024;
const CAP = MEBIBYTE + 1;

describe("A directory that takes 1,048,577 bytes", () => {
  const bench = useBench({
    vars: { UPLOAD_DIRECTORIES: [{ path: "/files/", maximum_upload_bytes: CAP }] },
  });

  it("takes them", async () => {
    const upload = await bench().beginWhole(CAP);
    expect((await upload.close()).status).toBe(200);
    expect((await bench().published(upload.destination))?.equals(upload.bytes)).toBe(true);
  });

  it.each([1, CAP, CAP + 1])(
    "refuses one more with the first Fragment that announces it, of %d bytes (ruling 10)",
    async (first) => {
      const upload = await bench().begin(CAP + 1);
      const { status, errorCode, errorContext, receivedContentRange } = await upload.send(0, first);
      expect([status, errorCode, errorContext, receivedContentRange]).toEqual([500, 0x80200020, 5, 0]);
      expect((await upload.close()).status).toBe(400);
      expect(bench().commitsOf(upload.destination)).toHaveLength(0);
    },
  );
});

/** A disk of 24 MiB for the edge's objects; only root can make one, so elsewhere these tests are skipped. */
const DISK_MEBIBYTES = 24;
const disk = makeDisk();

describe.runIf(disk !== null)("On a disk that is full", () => {
  let bench: Bench;

  beforeEach(async () => {
    const origin = await FaultyOrigin.start();
    const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: DIRECTORIES };
    bench = new Bench(await startEdge({ vars, storage: join(disk ?? "", "storage") }), origin);
  });

  afterEach(async () => {
    await bench.edge.stop();
    await bench.origin.stop();
    for (const name of ["ballast", "storage"])
      await rm(join(disk ?? "", name), { force: true, recursive: true });
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
    const upload = await bench.begin(9 * MEBIBYTE + 5);
    const makeRoom = await fillDisk();
    const { acked, refusal } = await sendUntilFull(upload);
    expect(refusal.status).toBeGreaterThanOrEqual(500); // which Windows repeats
    expect(acked).toBeGreaterThan(0);
    await makeRoom();
    await interrupt();
    expect(await upload.offset()).toBeGreaterThanOrEqual(acked);
    expect((await upload.send()).receivedContentRange).toBe(upload.bytes.length);
    await vi.waitFor(async () => expect((await upload.close()).status).toBe(200));
    expect((await bench.published(upload.destination))?.equals(upload.bytes)).toBe(true);
    expect(bench.commitsOf(upload.destination)).toHaveLength(1);
  });

  it("a Fragment is refused with 500, 0x80070070 and the offset ([MC-BUP] 2.2.1.2; ruling 4)", async () => {
    const upload = await bench.begin(9 * MEBIBYTE + 5);
    await fillDisk();
    const { acked, refusal } = await sendUntilFull(upload);
    expect(refusal).toEqual({ status: 500, errorCode: 0x80070070, offset: acked });
  });

  it("a session can be cancelled, and its room is there for others", async () => {
    const upload = await bench.begin(9 * MEBIBYTE + 5);
    await fillDisk();
    await sendUntilFull(upload);
    using connection = await bench.open();
    expect((await cancelSession(connection, upload.destination, upload.sessionId)).status).toBe(200);
    const other = await bench.beginWhole(2 * MEBIBYTE);
    expect((await other.close()).status).toBe(200);
  });
});

/** Something else takes the room of the objects; what it leaves is for a few pieces. */
async function fillDisk(): Promise<() => Promise<void>> {
  const ballast = join(disk ?? "", "ballast");
  await writeFile(ballast, Buffer.alloc((DISK_MEBIBYTES - 8) * MEBIBYTE));
  return async () => rm(ballast);
}

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

function makeDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "disk-"));
  const run = (program: string, ...args: string[]): unknown =>
    execFileSync(program, [...args, folder], { stdio: "ignore" });
  try {
    run("mount", "-t", "tmpfs", "-o", `size=${DISK_MEBIBYTES}m`, "none");
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  atProcessEnd(() => {
    run("umount", "-l");
    rmSync(folder, { recursive: true });
  });
  return folder;
}
