import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { answer, type OriginBehaviour, type QueuedBehaviour } from "../support/origin-behaviour.ts";
import { type ExpectedAck, expectAck, FORBIDDEN, INVALID, ofApplication } from "./expect-ack.ts";
import { type Upload, useBench } from "./support.ts";

const NOTIFY = { notification: "by-value", notification_url: "/receive.ashx" } as const;
const bench = useBench({
  directories: [
    // Only where a test waits for the end of the edge's patience is that short: elsewhere a slow machine would end it.
    { path: "/impatient-uploads/", origin_timeout_seconds: 2 },
    { path: "/impatient-notify/", ...NOTIFY, origin_timeout_seconds: 2 },
    { path: "/patient/" },
    { path: "/patient-notify/", ...NOTIFY },
    { path: "/hold/", ...NOTIFY, unknown_outcome: "hold", origin_timeout_seconds: 2 },
  ],
});

const OWN = "0x80041234";
const TIMED_OUT = ofApplication(504, "0x80072EE2");
const CANNOT_CONNECT = ofApplication(502, "0x80072EFD");
const CONNECTION_LOST = ofApplication(502, "0x80072EFE");

describe.each([
  ["a file is put", "/uploads/"],
  ["an application is told", "/notify/"],
])("Close-Session where %s and the origin answers", (_, directory) => {
  it.each([200, 201, 202, 204, 299])("%d: 200 (ruling 16)", async (status) => {
    using upload = await bench().beginWhole(1_000, { directory });
    // An error code on a success is no error.
    bench().origin.queue(answer(status, { "BITS-Error-Code": OWN }));
    for (let turn = 0; turn < 2; turn++) expectAck(await upload.close(), upload.done);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
  });

  // Statuses: the application's, and the client's.
  it.each<[number, number, Record<string, string>?]>([
    [302, 502, { Location: "/elsewhere" }],
    [307, 502, { Location: "/elsewhere" }],
    [400, 400],
    [404, 404],
    [408, 503],
    [409, 409],
    [423, 503],
    [429, 503],
    [500, 500],
    [501, 500],
    [503, 503],
    [505, 500],
    [507, 507],
  ])(
    "%d: %d, and its code; the next one goes through (rulings 14, 16, 17)",
    async (status, seen, headers = {}) => {
      using upload = await bench().beginWhole(1_000, { directory });
      bench().origin.queue(answer(status, headers, "an application's words"));
      const { sessionId } = upload;
      expectAck(await upload.close(), { ...ofApplication(seen, status), sessionId });
      await expectRecovery(upload);
    },
  );

  it.each<[number, Record<string, string>?]>([
    [401, { "WWW-Authenticate": 'Basic realm="iis"' }],
    [403],
    [413],
    [416],
    [407, { "Proxy-Authenticate": "NTLM" }],
  ])("%d: 403, and again without asking the origin (rulings 16, 17)", async (status, headers = {}) => {
    using upload = await bench().beginWhole(1_000, { directory });
    bench().origin.queue(answer(status, headers));
    const expected = { ...ofApplication(403, status), sessionId: upload.sessionId };
    for (let turn = 0; turn < 3; turn++) expectAck(await upload.close(), expected);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
    // The session is whole, though: its offset is known, and it can be given up.
    expectAck(await upload.send(), { sessionId: upload.sessionId, offset: 1_000 });
    expectAck(await upload.cancel(), upload.done);
  });

  it.each<[number, number, Record<string, string>, string | number]>([
    [500, 500, { "BITS-Error-Code": OWN }, OWN],
    [409, 409, { "BITS-Error": OWN }, OWN],
    [501, 500, { "BITS-Error-Code": OWN }, OWN],
    [505, 500, { "BITS-Error-Code": "0x80041abc" }, "0x80041ABC"],
    [500, 500, { "BITS-Error-Code": "x80041234" }, OWN],
    [500, 500, { "BITS-Error-Code": "0xA0041234" }, "0xA0041234"],
    [500, 500, { "BITS-Error-Code": "0x00000000" }, 500],
    [500, 500, { "BITS-Error-Code": "0x00041234" }, 500],
    [500, 500, { "BITS-Error-Code": "0x8004123" }, 500],
    [500, 500, { "BITS-Error-Code": "0x800412345" }, 500],
    [500, 500, { "BITS-Error-Code": "E_FAIL" }, 500],
    [500, 500, { "BITS-Error-Code": "" }, 500],
    [500, 500, { "BITS-Error-Code": "2147758644" }, 500],
  ])("%d: %d with %j: its code if that is a failure (ruling 14)", async (status, seen, headers, code) => {
    using upload = await bench().beginWhole(1_000, { directory });
    bench().origin.queue(answer(status, headers));
    expectAck(await upload.close(), { ...ofApplication(seen, code), sessionId: upload.sessionId });
    await expectRecovery(upload);
  });

  it.each<[string, OriginBehaviour, ExpectedAck, number]>([
    ["nothing, having read everything", { kind: "hang" }, TIMED_OUT, 1_000],
    ["nothing, having read nothing", { kind: "hang", readBody: false }, TIMED_OUT, 16 << 20],
    ["by a reset before the body", { kind: "reset", when: "before-body" }, CONNECTION_LOST, 3_000_000],
    [
      "by a reset inside the body",
      { kind: "reset", when: { afterBytes: 1_500_000 } },
      CONNECTION_LOST,
      3_000_000,
    ],
    ["by a reset after the body", { kind: "reset", when: "after-body" }, CONNECTION_LOST, 3_000_000],
    ["by hanging up after the body", { kind: "close" }, CONNECTION_LOST, 3_000_000],
    [
      "507 while the body is still coming",
      { kind: "answer-early", status: 507 },
      ofApplication(507),
      16 << 20,
    ],
  ])("%s (rulings 16 and 19)", async (_how, behaviour, expected, size) => {
    const where = expected === TIMED_OUT ? impatient(directory) : directory;
    using upload = await bench().beginWhole(size, { directory: where });
    const ack = await bench().origin.behaving(behaviour, async () => upload.close());
    expectAck(ack, { ...expected, sessionId: upload.sessionId });
    await expectRecovery(upload);
  });

  it("200 before it has read the upload: that is no success (rulings 14 and 19)", async () => {
    using upload = await bench().beginWhole(16 << 20, { directory: impatient(directory) });
    bench().origin.queue({ kind: "answer-early", status: 200 });
    const ack = await upload.close();
    expect([502, 504]).toContain(ack.status);
    expect(ack.errorContext).toBe(7);
    await expectRecovery(upload);
  });

  it("no connection: 502, and it is told when it is back (ruling 16)", async () => {
    using upload = await bench().beginWhole(1_000, { directory });
    await bench().origin.pause();
    try {
      for (let turn = 0; turn < 2; turn++) {
        expectAck(await upload.close(), { ...CANNOT_CONNECT, sessionId: upload.sessionId });
      }
    } finally {
      await bench().origin.resume();
    }
    expectAck(await upload.close(), upload.done);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it("many errors in a row: each is reflected, one key for all (rulings 14, 17 and 19)", async () => {
    using upload = await bench().beginWhole(1_000, { directory });
    const { sessionId } = upload;
    bench().origin.queue(answer(500), { kind: "close" }, answer(503), answer(404));
    for (const expected of [ofApplication(500), CONNECTION_LOST, ofApplication(503), ofApplication(404)]) {
      expectAck(await upload.close(), { ...expected, sessionId });
    }
    expectAck(await upload.send(), { sessionId, offset: 1_000 });
    const other = { headers: { "Content-Range": "bytes 0-999/1001" } };
    expectAck(await upload.send(0, 1_000, other), { ...INVALID, sessionId, offset: 1_000 });
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
    expect(keysOf(upload)).toHaveLength(5);
    expect(new Set(keysOf(upload)).size).toBe(1);
  });
});

describe("Close-Session and the time it takes (ruling 16)", () => {
  it("is over before the client's patience: the commit goes on, the next one has its result", async () => {
    // The origin is slow but never silent: 3 s of work, where 2 s is the limit.
    using upload = await bench().beginWhole(24 << 20, { directory: "/impatient-uploads/" });
    bench().origin.queue({ kind: "slow-read", bytesPerSecond: 8 << 20 });
    expectAck(await upload.close(), { ...TIMED_OUT, sessionId: upload.sessionId });
    await eventually(async () => expectAck(await upload.close(), upload.done));
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it.each(["/patient/", "/patient-notify/"])("is as long as a slow origin needs: %s", async (directory) => {
    using upload = await bench().beginWhole(4 << 20, { directory });
    bench().origin.queue({ kind: "slow-read", bytesPerSecond: 8 << 20 });
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });
});

describe("Close-Session where the outcome is not known (ruling 19)", () => {
  it.each<[string, QueuedBehaviour]>([
    ["silence", { kind: "hang" }],
    ["a lost connection", { kind: "close" }],
  ])("after %s waits for the operator, if the directory wants that: 503", async (_, behaviour) => {
    using upload = await bench().beginWhole(1_000, { directory: "/hold/" });
    bench().origin.queue(behaviour);
    const held = { ...ofApplication(503), sessionId: upload.sessionId };
    // The first Ack may leave before the silence is over; what counts is that the client has to come again.
    const first = await upload.close();
    expect([first.status === 503 || first.status === 504, first.errorContext]).toEqual([true, 7]);
    await bench().untilLogged("commit-ended", upload);
    for (let turn = 0; turn < 3; turn++) expectAck(await upload.close(), held);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
  });

  it("does not wait after an answer, in such a directory", async () => {
    using upload = await bench().beginWhole(1_000, { directory: "/hold/" });
    bench().origin.queue(answer(500));
    expectAck(await upload.close(), { ...ofApplication(500), sessionId: upload.sessionId });
    await expectRecovery(upload);
  });
});

describe("412 (ruling 13)", () => {
  it("to a PUT on condition says that a file is there: 403, E_ACCESSDENIED", async () => {
    using upload = await bench().beginWhole(1_000);
    bench().origin.queue(answer(412, { "BITS-Error-Code": OWN }));
    expectAck(await upload.close(), { ...FORBIDDEN, sessionId: upload.sessionId });
  });

  it.each(["/overwrite/", "/notify/"])("in %s is the application's own", async (directory) => {
    using upload = await bench().beginWhole(1_000, { directory });
    bench().origin.queue(answer(412));
    expectAck(await upload.close(), { ...ofApplication(412), sessionId: upload.sessionId });
    await expectRecovery(upload);
  });
});

/** The directory for what waits for the end of the edge's patience. */
function impatient(directory: string): string {
  return directory.replace("/", "/impatient-");
}

/** After a failure that may pass: one more attempt, the same key, the right bytes, and then no attempt more. */
async function expectRecovery(upload: Upload): Promise<void> {
  const failed = bench().commitsOf(upload.target).length;
  // A Close-Session that comes before the end of the failed attempt would only join it (ruling 18).
  await bench().untilLogged("commit-ended", upload);
  // Where the edge's patience is short, it may end before the upload is taken; an object that dies then begins anew.
  const most = upload.target.startsWith("/impatient-") ? Number.POSITIVE_INFINITY : failed + 1;
  await eventually(async () => expectAck(await upload.close(), upload.done));
  const attempts = keysOf(upload).length;
  expectAck(await upload.close(), upload.done);
  const keys = keysOf(upload);
  // A connection that breaks inside of a request is followed by a second one at once.
  expect([1, 2]).toContain(failed);
  expect(attempts).toBeGreaterThan(failed);
  expect(attempts).toBeLessThanOrEqual(most);
  expect([keys.length, new Set(keys).size]).toEqual([attempts, 1]);
  await bench().expectPublished(upload.target, upload.bytes);
}

function keysOf(upload: Upload): (string | undefined)[] {
  return bench()
    .commitsOf(upload.target)
    .map(({ headers }) => headers["idempotency-key"]);
}
