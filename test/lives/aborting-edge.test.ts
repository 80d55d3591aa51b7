import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { expectAck, ofApplication, SESSION_UNKNOWN } from "../conformance/expect-ack.ts";
import { Bench, type Upload } from "../conformance/support.ts";
import type { Ack } from "../support/bits-client.ts";
import { startEdge } from "../support/edge.ts";
import { eventually } from "../support/eventually.ts";
import { ABORTING_EDGE } from "../support/edge-of-project.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";

const MEBIBYTE = 1024 * 1024;

let origin: LegacyOrigin;
beforeAll(async () => {
  origin = await startLegacyOrigin();
});
afterAll(async () => origin.close());

const DIRECTORIES = [
  { path: "/uploads/" },
  { path: "/brief/", session_timeout_seconds: 4 },
  { path: "/impatient/", origin_timeout_seconds: 4 },
  { path: "/cancelled/" },
];

async function benchWhoseObjectsDie(when: string): Promise<Bench> {
  const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: DIRECTORIES, ABORTS: when };
  return new Bench(await startEdge({ main: ABORTING_EDGE, vars }), origin);
}

/** The lives in which the packets of a session were answered, in order. */
function livesOf({ edge }: Bench, { sessionId }: Upload): string[] {
  const session = sessionId.replaceAll(/[{}]/g, "");
  const lines = edge.logs.map(({ json }) => json as Record<string, unknown> | undefined);
  return lines
    .filter((line) => line?.["event"] === "entered" && line["session"] === session)
    .map((line) => String(line?.["life"]));
}

describe("An edge whose objects die before packets", () => {
  it("has a new object for each packet of a session, and the upload is whole", async () => {
    const bench = await benchWhoseObjectsDie("before-packets");
    onTestFinished(async () => bench.edge.stop());
    using upload = await bench.begin(3_000);
    const { sessionId } = upload;
    expectAck(await upload.send(0, 1_000), { sessionId, offset: 1_000 });
    expectAck(await upload.send(500, 2_000), { sessionId, offset: 2_000 });
    expectAck(await upload.send(2_000), { sessionId, offset: 3_000 });
    for (let turn = 0; turn < 2; turn++) expectAck(await upload.close(), upload.done);
    // What an edge has logged comes by another way than its answers, and may be later.
    await eventually(() => {
      const lives = livesOf(bench, upload);
      expect([lives.length, new Set(lives).size]).toEqual([5, 5]);
    });
    await bench.expectPublished(upload.target, upload.bytes);
    expect(bench.commitsOf(upload.target)).toHaveLength(1);
  });

  it("forgets packets that stored nothing: they do not prolong the session (ruling 23)", async () => {
    const bench = await benchWhoseObjectsDie("before-packets");
    onTestFinished(async () => bench.edge.stop());
    using upload = await bench.begin(1_000, { directory: "/brief/" });
    const repeat = async (): Promise<Ack> => upload.send(0, 1);
    expect((await repeat()).status).toBe(200);
    // An object that lived would hear each of these.
    const ack = await vi.waitUntil(
      async () => {
        const repeated = await repeat();
        return repeated.status === 200 ? false : repeated;
      },
      { timeout: 60_000, interval: 100 },
    );
    expectAck(ack, { ...SESSION_UNKNOWN, sessionId: upload.sessionId });
  });

  it("loses a commit that no packet waits for any more, and sends it again with the same key (ruling 19)", async () => {
    const bench = await benchWhoseObjectsDie("before-packets");
    onTestFinished(async () => bench.edge.stop());
    using upload = await bench.beginWhole(12 * MEBIBYTE, { directory: "/impatient/" });
    // Slow but never silent: eight seconds of work, where four are the limit.
    origin.queue({ kind: "slow-read", bytesPerSecond: 1.5 * MEBIBYTE });
    expectAck(await upload.close(), { ...ofApplication(504, "0x80072EE2"), sessionId: upload.sessionId });
    expectAck(await upload.close(), upload.done);
    const keys = bench.commitsOf(upload.target).map(({ headers }) => headers["idempotency-key"]);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    await bench.expectPublished(upload.target, upload.bytes);
  });
});

describe("An edge whose objects die between the pieces of a Fragment", () => {
  it("answers 503 each time, and the client that comes back goes on from the whole pieces", async () => {
    const bench = await benchWhoseObjectsDie("between-pieces");
    onTestFinished(async () => bench.edge.stop());
    const source = patternSource(4 * MEBIBYTE + 5);
    const refusals: unknown[] = [];
    const report = await uploadFile(source, `${bench.edge.tcpUrl}/uploads/pieces.bin`, {
      fragmentBytes: source.size,
      retryDelayMilliseconds: 1,
      onAck: (packetType, { status, errorCode, errorContext }) => {
        if (status !== 200) refusals.push([packetType, status, errorCode, errorContext]);
      },
    });
    // One for each piece that has one before it.
    expect(refusals).toEqual(Array.from({ length: 4 }, () => ["Fragment", 503, 0x801901f7, 0x5]));
    expect(report).toMatchObject({ sessions: 1, fragments: 5 });
    expect(bench.commitsOf("/uploads/pieces.bin")).toMatchObject([{ sha256: await sha256Of(source) }]);
  });
});

describe("An edge whose object dies of a Cancel-Session", () => {
  it.each(["before-cancelling", "after-cancelling"])(
    "%s: the client is told of success, and a late Fragment begins nothing (ruling 21)",
    async (when) => {
      const bench = await benchWhoseObjectsDie(when);
      onTestFinished(async () => bench.edge.stop());
      using upload = await bench.begin(3_000, { directory: "/cancelled/" });
      await upload.send(0, 1_000);
      expectAck(await upload.cancel(), upload.done);
      // Without a tombstone this would be the first Fragment of a session that has only been created.
      expectAck(await upload.send(0, 1_000), { ...SESSION_UNKNOWN, sessionId: upload.sessionId });
      await eventually(() => {
        const deaths = bench.edge.logs.filter(({ json }) => (json as { event?: string })?.event === "died");
        expect(deaths).toHaveLength(1);
      });
    },
  );
});
