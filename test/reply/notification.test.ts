import { describe, expect, it } from "vitest";
import type { Upload } from "../conformance/support.ts";
import { ping, SESSION_NOT_FOUND } from "../support/bits-client.ts";
import { expectAck, ofApplication, SESSION_UNKNOWN } from "../conformance/expect-ack.ts";
import { complete, expectReplyUrl, fetchUrl, gate, type Stage, useStage } from "./support.ts";

const stage = useStage((application) => ({
  directories: [
    { path: "/reply/", notification: "by-value", notification_url: application.url, reply: true },
    {
      path: "/hasty/",
      notification: "by-value",
      notification_url: application.url,
      reply: true,
      origin_timeout_seconds: 1,
    },
  ],
}));

/** What an application that failed is told again, and by what it may know it (ruling 19). */
function expectSameKey({ application }: Stage, { target, bytes }: Upload, times: number): void {
  const notifications = application.of(target);
  expect(notifications).toHaveLength(times);
  for (const { body } of notifications) expect(body.equals(bytes)).toBe(true);
  expect(new Set(notifications.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
}

describe("a notification that fails is told to the client in the Ack of its last Fragment (ruling 15)", () => {
  it.each([
    [500, 500, {}, 500],
    [503, 503, {}, 503],
    [404, 404, {}, 404],
    [501, 500, {}, 501],
    [302, 502, { Location: "http://elsewhere.example/" }, 302],
    [500, 500, { "BITS-Error-Code": "0x80041234" }, "0x80041234"],
  ] as const)(
    "%d: %d with 0x7; the next last Fragment notifies again",
    async (status, seen, headers, code) => {
      const { bench, application } = stage();
      using upload = await bench.begin(2_000, { directory: "/reply/" });
      application.answer(upload.target, { status, headers }, { body: "at last" });
      // The offset is the whole: by no means a gap, or the client would think it was done (section 2.5).
      expectAck(await upload.send(), { ...complete(upload), ...ofApplication(seen, code) });
      const url = expectReplyUrl(await upload.send(1_000), upload);
      expect((await fetchUrl(url)).body.toString()).toBe("at last");
      expectSameKey(stage(), upload, 2);
      expectAck(await upload.close(), upload.done);
      expectSameKey(stage(), upload, 2);
    },
  );

  it("no answer: 502 and 504, and the next one may be answered (ruling 16)", async () => {
    const { bench, application } = stage();
    using lost = await bench.begin(2_000, { directory: "/hasty/" });
    application.answer(lost.target, () => "reset", { body: "late" });
    expectAck(await lost.send(), { ...complete(lost), ...ofApplication(502, "0x80072EFE") });
    expect((await fetchUrl(expectReplyUrl(await lost.send(), lost))).body.toString()).toBe("late");
    expectSameKey(stage(), lost, 2);

    using silent = await bench.begin(2_000, { directory: "/hasty/" });
    const never = gate();
    application.answer(silent.target, async () => never.passed.then(() => ({})), { body: "late" });
    const timedOut = { ...complete(silent), ...ofApplication(504, "0x80072EE2") };
    expectAck(await silent.send(), timedOut);
    // The client may be back before the attempt that it no longer waits for is given up: it joins that one.
    let ack = await silent.send();
    for (let turn = 0; turn < 3 && ack.status === 504; turn++) ack = await silent.send();
    expect((await fetchUrl(expectReplyUrl(ack, silent))).body.toString()).toBe("late");
    expectSameKey(stage(), silent, 2);
    never.open();
  });

  it("a reply that breaks off is none of it: the next attempt's is whole", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/hasty/" });
    const torn = {
      headers: { "Content-Length": "3000000" },
      body: Buffer.alloc(2_000_000, "x"),
      framing: "close",
    };
    application.answer(upload.target, torn as { framing: "close" }, { body: "whole" });
    expectAck(await upload.send(), { ...complete(upload), ...ofApplication(502, "0x80072EFE") });
    expect((await fetchUrl(expectReplyUrl(await upload.send(), upload))).body.toString()).toBe("whole");
  });

  it("403 is the last word: replayed without asking, on Fragment and Close-Session (ruling 17)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    application.answer(
      upload.target,
      { status: 403, headers: { "BITS-Error-Code": "0x80041234" } },
      { body: "no" },
    );
    const refused = ofApplication(403, "0x80041234");
    for (let turn = 0; turn < 3; turn++) expectAck(await upload.send(), { ...complete(upload), ...refused });
    for (let turn = 0; turn < 2; turn++) expectAck(await upload.close(), { ...refused, ...upload.done });
    expectSameKey(stage(), upload, 1);
    expectAck(await upload.cancel(), upload.done);
  });

  it("Close-Session notifies too, where the last attempt failed (ruling 17)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    application.answer(upload.target, { status: 500 }, { status: 503 }, {});
    expectAck(await upload.send(), { ...complete(upload), ...ofApplication(500) });
    expectAck(await upload.close(), { ...ofApplication(503), ...upload.done });
    expectAck(await upload.close(), upload.done);
    expectAck(await upload.close(), upload.done);
    expectSameKey(stage(), upload, 3);
  });
});

describe("a notification that succeeded is not repeated (ruling 18)", () => {
  it("the re-sent last Fragment gets the same URL, whole or in part, section 2.5", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    const url = expectReplyUrl(await upload.send(), upload);
    for (const first of [0, 1_000, 1_999]) expect(expectReplyUrl(await upload.send(first), upload)).toBe(url);
    expectSameKey(stage(), upload, 1);
    expectAck(await upload.close(), upload.done);
    expectSameKey(stage(), upload, 1);
  });
});

describe("a notification that still runs", () => {
  it("is joined by the re-sent last Fragment: one POST, one answer for both, section 2.5", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    const { passed, open } = gate();
    application.answer(upload.target, async () => passed.then(() => ({ body: "one reply" })));
    using second = await bench.open();
    const first = upload.send();
    await application.notified(upload.target);
    const again = upload.send(1_000, 2_000, { connection: second });
    // A third, which comes when both wait: its Ack shows that the edge has read what came before it.
    using third = await bench.open();
    expectAck(await ping(third, upload.target), {});
    open();
    const [one, other] = await Promise.all([first, again]);
    expect(expectReplyUrl(other, upload)).toBe(expectReplyUrl(one, upload));
    expectSameKey(stage(), upload, 1);
  });

  it("is joined also where it fails: both hear the error, and the application was told once", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    const { passed, open } = gate();
    application.answer(upload.target, async () => passed.then(() => ({ status: 500 })), { body: "then" });
    using second = await bench.open();
    const first = upload.send();
    await application.notified(upload.target);
    const again = upload.send(1_000, 2_000, { connection: second });
    using third = await bench.open();
    expectAck(await ping(third, upload.target), {});
    open();
    const failed = { ...complete(upload), ...ofApplication(500) };
    expectAck(await first, failed);
    const late = await again;
    // It came while the notification ran or, on a machine that is busy, after it: then it is told anew.
    if (application.of(upload.target).length === 1) expectAck(late, failed);
    else expectReplyUrl(late, upload);
    expectReplyUrl(await upload.send(), upload);
  });

  it("goes on when its client leaves; the client that comes back gets its reply", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    const { passed, open } = gate();
    application.answer(upload.target, async () => passed.then(() => ({ body: "for whom it may concern" })));
    upload.send().catch(() => undefined);
    await application.notified(upload.target);
    upload.connection.reset();
    using connection = await bench.open();
    const again = upload.send(1_000, 2_000, { connection });
    open();
    const reply = await fetchUrl(expectReplyUrl(await again, upload));
    expect(reply.body.toString()).toBe("for whom it may concern");
    expectSameKey(stage(), upload, 1);
  });

  it("ends before Cancel-Session does its work (rulings 15 and 21)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    const { passed, open } = gate();
    application.answer(upload.target, async () => passed.then(() => ({ body: "too late" })));
    using other = await bench.open();
    const fragment = upload.send();
    await application.notified(upload.target);
    const cancelled = upload.cancel(other);
    open();
    const [ack] = await Promise.all([fragment, cancelled]);
    expectAck(await cancelled, upload.done);
    // Told before the end or after it: the application's answer, or that the session is over.
    const url = ack.replyUrl;
    if (url === undefined) expect([ack.status, ack.errorCode]).toEqual([500, SESSION_NOT_FOUND]);
    else expect((await fetchUrl(url)).status).toBe(404);
    expectAck(await upload.send(), { ...SESSION_UNKNOWN, sessionId: upload.sessionId });
    expectAck(await upload.cancel(), upload.done);
    expectSameKey(stage(), upload, 1);
  });
});

describe("Cancel-Session between", () => {
  it("a failed notification and the next: nobody is told again (ruling 21)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    application.answer(upload.target, { status: 500 }, { body: "never" });
    expectAck(await upload.send(), { ...complete(upload), ...ofApplication(500) });
    expectAck(await upload.cancel(), upload.done);
    const unknown = { ...SESSION_UNKNOWN, sessionId: upload.sessionId };
    expectAck(await upload.send(), unknown);
    expectAck(await upload.close(), unknown);
    expectSameKey(stage(), upload, 1);
  });

  it("the reply and Close-Session: the upload stays the application's, the reply is gone", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    expectReplyUrl(await upload.send(), upload);
    expectAck(await upload.cancel(), upload.done);
    expectAck(await upload.close(), { ...SESSION_UNKNOWN, sessionId: upload.sessionId });
    expectSameKey(stage(), upload, 1);
  });
});
