import { describe, expect, it } from "vitest";
import type { Upload } from "../conformance/support.ts";
import { expectAck, FORBIDDEN, ofApplication } from "../conformance/expect-ack.ts";
import { answer } from "../support/origin-behaviour.ts";
import { complete, useStage } from "./support.ts";

const stage = useStage(() => ({
  directories: [
    { path: "/put-at-once/", commit_on: "last-fragment" },
    {
      path: "/tell-at-once/",
      commit_on: "last-fragment",
      notification: "by-value",
      notification_url: "/receive.ashx",
    },
    { path: "/hasty/", commit_on: "last-fragment", origin_timeout_seconds: 1 },
  ],
}));

const commitsOf = ({ target }: Upload) => stage().bench.commitsOf(target);

describe.each([
  ["a file is put", "/put-at-once/"],
  ["an application is told", "/tell-at-once/"],
])('commit_on = "last-fragment", where %s (ruling 14)', (_, directory) => {
  it.each(["tcp", "http"] as const)(
    "the last Fragment commits, over the %s door; Close-Session replays",
    async (door) => {
      const { bench } = stage();
      using upload = await bench.begin(3_000, { directory, door });
      expectAck(await upload.send(0, 1_000), { sessionId: upload.sessionId, offset: 1_000 });
      expect(commitsOf(upload)).toEqual([]);
      expectAck(await upload.send(1_000), complete(upload));
      await bench.expectPublished(upload.target, upload.bytes);
      for (let turn = 0; turn < 2; turn++) expectAck(await upload.close(), upload.done);
      expectAck(await upload.send(), complete(upload));
      expect(commitsOf(upload)).toHaveLength(1);
    },
  );

  it("an empty upload commits too (ruling 11)", async () => {
    using upload = await stage().bench.begin(0, { directory });
    expectAck(await upload.send(), complete(upload));
    await stage().bench.expectPublished(upload.target, upload.bytes);
  });

  it.each([
    [507, 507, {}, 507],
    [500, 500, { "BITS-Error-Code": "0x80041234" }, "0x80041234"],
    [501, 500, {}, 501],
    [302, 502, { Location: "/elsewhere" }, 302],
  ] as const)(
    "%d: %d with 0x7; re-sent, it commits again under the same key",
    async (status, seen, headers, code) => {
      const { bench } = stage();
      using upload = await bench.begin(2_000, { directory });
      bench.origin.queue(answer(status, headers));
      expectAck(await upload.send(), { ...complete(upload), ...ofApplication(seen, code) });
      expect(await bench.published(upload.target)).toBeUndefined();
      expectAck(await upload.send(1_500), complete(upload));
      await bench.expectPublished(upload.target, upload.bytes);
      const keys = commitsOf(upload).map((request) => request.headers["idempotency-key"]);
      expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
      expectAck(await upload.close(), upload.done);
    },
  );

  it("a failure may be made good by Close-Session (ruling 17)", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_000, { directory });
    bench.origin.queue(answer(503), answer(507));
    expectAck(await upload.send(), { ...complete(upload), ...ofApplication(503) });
    expectAck(await upload.close(), { ...ofApplication(507), ...upload.done });
    expectAck(await upload.close(), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
    expectAck(await upload.send(), complete(upload));
    expect(commitsOf(upload)).toHaveLength(3);
  });

  it("403 is the last word (ruling 17)", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_000, { directory });
    bench.origin.queue(answer(403));
    const refused = ofApplication(403);
    for (let turn = 0; turn < 2; turn++) expectAck(await upload.send(), { ...complete(upload), ...refused });
    expectAck(await upload.close(), { ...refused, ...upload.done });
    expect(commitsOf(upload)).toHaveLength(1);
  });

  it("a re-sent last Fragment joins the commit that runs (ruling 18)", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_000, { directory });
    bench.origin.queue({ kind: "delay", milliseconds: 300 });
    using other = await bench.open();
    const first = upload.send();
    await bench.origin.waitFor((request) => commitsOf(upload).includes(request));
    const again = upload.send(1_000, 2_000, { connection: other });
    expectAck(await first, complete(upload));
    expectAck(await again, complete(upload));
    expect(commitsOf(upload)).toHaveLength(1);
  });

  it("so does Close-Session", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_000, { directory });
    // oxlint-disable-next-line unicorn/no-thenable -- the behaviour's own name for what it does next
    bench.origin.queue({ kind: "delay", milliseconds: 300, then: answer(507) });
    using other = await bench.open();
    const first = upload.send();
    await bench.origin.waitFor((request) => commitsOf(upload).includes(request));
    const close = upload.close(other);
    expectAck(await first, { ...complete(upload), ...ofApplication(507) });
    expectAck(await close, { ...ofApplication(507), ...upload.done });
    expect(commitsOf(upload)).toHaveLength(1);
  });

  it("the client that leaves before the answer finds it when it is back", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_000, { directory });
    bench.origin.queue({ kind: "delay", milliseconds: 300 });
    upload.send().catch(() => undefined);
    await bench.origin.waitFor((request) => commitsOf(upload).includes(request));
    upload.connection.reset();
    using connection = await bench.open();
    expectAck(await upload.send(0, 2_000, { connection }), complete(upload));
    expect(commitsOf(upload)).toHaveLength(1);
    await bench.expectPublished(upload.target, upload.bytes);
  });

  it("the edge's death in the middle: the re-sent last Fragment commits, under the same key (ruling 19)", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_000, { directory });
    bench.origin.queue({ kind: "hang" });
    upload.send().catch(() => undefined);
    await bench.origin.waitFor((request) => commitsOf(upload).includes(request));
    await bench.edge.kill();
    await bench.edge.restart();
    using connection = await bench.open();
    expectAck(await upload.send(0, 2_000, { connection }), complete(upload));
    await bench.expectPublished(upload.target, upload.bytes);
    const keys = commitsOf(upload).map((request) => request.headers["idempotency-key"]);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });
});

describe('commit_on = "last-fragment", a file is put', () => {
  it("where one is: 403 in the Fragment's Ack, for good (ruling 13)", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_000, { directory: "/put-at-once/" });
    await bench.place(upload.target, "was here first");
    for (let turn = 0; turn < 2; turn++)
      expectAck(await upload.send(), { ...complete(upload), ...FORBIDDEN });
    expectAck(await upload.close(), { ...FORBIDDEN, ...upload.done });
    expect((await bench.published(upload.target))?.toString()).toBe("was here first");
  });

  it("while the origin takes its time: 504 with the whole offset; the next waits for the same PUT", async () => {
    const { bench } = stage();
    using upload = await bench.begin(8_000, { directory: "/hasty/" });
    // It goes on reading, so it is not silent; only the client's patience ends.
    bench.origin.queue({ kind: "slow-read", bytesPerSecond: 4_000 });
    expectAck(await upload.send(), { ...complete(upload), ...ofApplication(504, "0x80072EE2") });
    let last = await upload.send();
    for (let turn = 0; turn < 5 && last.status === 504; turn++) last = await upload.send();
    expectAck(last, complete(upload));
    await bench.expectPublished(upload.target, upload.bytes);
  });

  it("Cancel-Session after it does not undo it (ruling 21)", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_000, { directory: "/put-at-once/" });
    expectAck(await upload.send(), complete(upload));
    expectAck(await upload.cancel(), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
  });
});
