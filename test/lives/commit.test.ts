import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench, type Upload } from "../faults/bench.ts";
import { FaultyOrigin } from "../faults/faulty-origin.ts";
import type { Ack } from "../support/bits-client.ts";
import { startEdge } from "../support/edge.ts";
import { ABORTING_EDGE } from "../support/edge-of-project.ts";
import { fetchUrl } from "../reply/support.ts";
import { COMMIT_MOMENTS, type CommitMoment, TORN_REPLY } from "./commit-moments.ts";

/** More than lies in buffers, so that a commit is half way when half of it has come. */
const SIZE = 4 * 1024 * 1024 + 5;
const TOLD = { notification: "by-value", notification_url: "/receive.ashx" } as const;
const DIRECTORIES = [
  { path: "/put/" },
  { path: "/told/", ...TOLD },
  { path: "/referred/", notification: "by-reference", notification_url: "/receive.ashx" },
  { path: "/hold/", ...TOLD, unknown_outcome: "hold" },
  { path: "/reply/", ...TOLD, reply: true },
] as const;

/** In front of an application that knows an Idempotency-Key again, and of one that does not. */
let keyed: Bench;
let forgetful: Bench;
beforeAll(async () => {
  [keyed, forgetful] = await Promise.all([startBench(true), startBench(false)]);
});
afterAll(async () => {
  for (const { edge, origin } of [keyed, forgetful]) await Promise.all([edge.stop(), origin.stop()]);
});

async function startBench(rememberIdempotencyKeys: boolean): Promise<Bench> {
  const origin = await FaultyOrigin.start({ rememberIdempotencyKeys });
  const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: DIRECTORIES };
  return new Bench(await startEdge({ main: ABORTING_EDGE, vars }), origin);
}

/** What the edge tells a client whose session's object died: come back. */
const COME_BACK = { status: 503, errorCode: 0x801901f7, errorContext: 0x5 };
/** … and whose upload waits for its operator. */
const HELD = { status: 503, errorContext: 0x7 };

/** Ends the life of the object, or rings its alarm and waits for what comes of it. */
async function command(what: "abort" | "alarm", { bench, sessionName }: Upload): Promise<void> {
  const { status } = await fetch(`${bench.edge.httpUrl}/-/${what}/${sessionName}`, { method: "POST" });
  expect(status).toBe(204);
}

/** A whole upload whose object dies at a moment of its commit. */
async function dieAt(
  moment: CommitMoment,
  upload: Upload,
  commit: () => Promise<Ack> = async () => upload.close(),
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  upload.bench.origin.fault = moment.stopThere(resolve);
  const lost = commit();
  await promise;
  await command("abort", upload);
  expect(await lost).toMatchObject(COME_BACK);
  upload.bench.origin.fault = null;
}

/** The application took the upload in one request; it may have heard of it `times`, always with the same key. */
function expectTaken({ bench, destination }: Upload, times: number): void {
  const commits = bench.commitsOf(destination);
  expect(commits.map(({ status, repeated }) => [Math.trunc((status ?? 0) / 100), repeated])).toEqual(
    Array.from({ length: times }, (_, turn) => [2, turn > 0]),
  );
  expect(new Set(commits.map(({ headers }) => headers["idempotency-key"])).size).toBe(Math.min(times, 1));
}

async function expectPublished({ bench, destination, bytes }: Upload): Promise<void> {
  expect((await bench.published(destination))?.equals(bytes)).toBe(true);
}

/** What finishes an upload whose object died in its commit. */
const RECOVERIES: readonly { by: string; recover: (upload: Upload) => Promise<void> }[] = [
  { by: "the next Close-Session", recover: async () => {} },
  { by: "the alarm, without any client", recover: async (upload) => command("alarm", upload) },
];
const [, ALARM] = RECOVERIES;

describe.each(COMMIT_MOMENTS)("An object that dies when of its commit $name (ruling 19)", (moment) => {
  describe.each(RECOVERIES)("comes to a good end by $by", (recovery) => {
    it.each(["/put/", "/told/", "/referred/"])("in %s: the application has it once", async (path) => {
      const upload = await keyed.beginWhole(SIZE, path);
      await dieAt(moment, upload);
      await recovery.recover(upload);
      const times = moment.isTaken ? 2 : 1;
      if (recovery === ALARM) expectTaken(upload, times);
      for (let turn = 0; turn < 2; turn++) expect((await upload.close()).status).toBe(200);
      expectTaken(upload, times);
      if (path !== "/referred/") await expectPublished(upload);
    });

    it('in /hold/: it is not sent again, and Close-Session says so (unknown_outcome = "hold")', async () => {
      const upload = await keyed.beginWhole(SIZE, "/hold/");
      await dieAt(moment, upload);
      await recovery.recover(upload);
      for (let turn = 0; turn < 2; turn++) expect(await upload.close()).toMatchObject(HELD);
      expectTaken(upload, moment.isTaken ? 1 : 0);
    });
  });

  it("and again when it is mended, and again: is mended all the same", async () => {
    const upload = await keyed.beginWhole(SIZE, "/told/");
    for (let death = 0; death < 3; death++) await dieAt(moment, upload);
    expect((await upload.close()).status).toBe(200);
    expectTaken(upload, moment.isTaken ? 4 : 1);
    await expectPublished(upload);
  });

  it("is repeated once for each death at an application that forgets keys", async () => {
    const upload = await forgetful.beginWhole(SIZE, "/told/");
    await dieAt(moment, upload);
    expect((await upload.close()).status).toBe(200);
    expectTaken(upload, moment.isTaken ? 2 : 1);
    await expectPublished(upload);
  });
});

describe.each([...COMMIT_MOMENTS, TORN_REPLY])(
  "An object that dies when of a commit with a reply $name (rulings 15 and 19)",
  (moment) => {
    it.each(RECOVERIES)(
      "goes on by $by, and the last Fragment gets the reply, whole",
      async ({ recover }) => {
        const upload = await keyed.begin(SIZE, "/reply/");
        await dieAt(moment, upload, async () => upload.send());
        await recover(upload);
        const ack = await upload.send(SIZE - 1);
        expect(ack).toMatchObject({ status: 200, receivedContentRange: SIZE });
        const reply = await fetchUrl(ack.replyUrl ?? "");
        // The application's answer has no body, and what an earlier one had left of one is gone.
        expect([reply.status, reply.body.toString()]).toEqual([200, ""]);
        expectTaken(upload, moment.isTaken ? 2 : 1);
        for (let turn = 0; turn < 2; turn++) expect((await upload.close()).status).toBe(200);
        expectTaken(upload, moment.isTaken ? 2 : 1);
      },
    );
  },
);

describe("An object that dies when the application's answer is stored (ruling 18)", () => {
  it.each(["/put/", "/told/", "/referred/", "/hold/"])(
    "in %s: has it for the next Close-Session",
    async (path) => {
      const upload = await keyed.beginWhole(SIZE, path);
      expect((await upload.close()).status).toBe(200);
      await command("abort", upload);
      await command("alarm", upload);
      for (let turn = 0; turn < 2; turn++) expect((await upload.close()).status).toBe(200);
      expectTaken(upload, 1);
    },
  );
});
