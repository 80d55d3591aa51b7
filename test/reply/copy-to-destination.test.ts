import { describe, expect, it } from "vitest";
import type { Upload } from "../conformance/support.ts";
import { expectAck, FORBIDDEN, ofApplication } from "../conformance/expect-ack.ts";
import { answer, type OriginBehaviour } from "../support/origin-behaviour.ts";
import { complete, expectReplyUrl, fetchUrl, gate, useStage } from "./support.ts";

const stage = useStage((application) => {
  const notified = { notification: "by-value", notification_url: application.url } as const;
  return {
    directories: [
      { path: "/reply/", ...notified, reply: true },
      { path: "/replacing/", ...notified, reply: true, allow_overwrites: true },
      { path: "/told/", ...notified },
      { path: "/at-once/", ...notified, commit_on: "last-fragment" },
    ],
    // An origin that takes an Idempotency-Key at its word: the first answer again, and nothing done.
    origin: { rememberIdempotencyKeys: true },
  };
});

const COPY = { headers: { "BITS-Copy-File-To-Destination": "true" } } as const;

/** The PUTs that brought this upload to its destination; what the application was told is not among them. */
function putsOf({ target }: Upload): Record<string, string>[] {
  const { requests } = stage().bench.origin;
  return requests
    .filter(({ method, url }) => method === "PUT" && url === target)
    .map(({ headers }) => headers);
}

describe("BITS-Copy-File-To-Destination, in an upload-reply ([MC-BUP] 3.2.5.2.7; ruling 15)", () => {
  it("publishes by PUT on Close-Session, and not before", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    application.answer(upload.target, { ...COPY, body: "your reply" });
    const url = expectReplyUrl(await upload.send(), upload);
    expectReplyUrl(await upload.send(), upload);
    expect((await fetchUrl(url)).body.toString()).toBe("your reply");
    expect(putsOf(upload)).toEqual([]);
    expect(await bench.published(upload.target)).toBeUndefined();

    for (let turn = 0; turn < 2; turn++) expectAck(await upload.close(), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
    expect(putsOf(upload)).toHaveLength(1);
    expect(putsOf(upload)[0]).toMatchObject({ "content-length": "2000", "if-none-match": "*" });
    expect(application.of(upload.target)).toHaveLength(1);
    expect((await fetchUrl(url)).status, "the reply goes with the session").toBe(404);
  });

  it("counts by its presence, with any value (section 4.3)", async () => {
    const { bench, application } = stage();
    for (const value of ["", "0", "false"]) {
      using upload = await bench.begin(500, { directory: "/reply/" });
      application.answer(upload.target, { headers: { "BITS-Copy-File-To-Destination": value } });
      expectReplyUrl(await upload.send(), upload);
      expectAck(await upload.close(), upload.done);
      await bench.expectPublished(upload.target, upload.bytes);
    }
  });

  it("publishes an empty file too", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(0, { directory: "/reply/" });
    application.answer(upload.target, COPY);
    expectReplyUrl(await upload.send(), upload);
    expectAck(await upload.close(), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
  });

  it("the PUT is a request of its own: it does not repeat the POST's Idempotency-Key (ruling 19)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(500, { directory: "/reply/" });
    application.answer(upload.target, COPY);
    expectReplyUrl(await upload.send(), upload);
    expectAck(await upload.close(), upload.done);
    const [told] = application.of(upload.target);
    const [put] = putsOf(upload);
    expect(put?.["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(put?.["idempotency-key"]).not.toBe(told?.headers["idempotency-key"]);
  });

  it("a PUT that fails is told on Close-Session; the next one puts again, with the same key", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    application.answer(upload.target, { ...COPY, body: "your reply" });
    const url = expectReplyUrl(await upload.send(), upload);
    bench.origin.queue(answer(507, { "BITS-Error-Code": "0x80070070" }), answer(503));
    expectAck(await upload.close(), { ...ofApplication(507, "0x80070070"), ...upload.done });
    expect((await fetchUrl(url)).body.toString(), "the reply is still there").toBe("your reply");
    expect(expectReplyUrl(await upload.send(), upload)).toBe(url);
    expectAck(await upload.close(), { ...ofApplication(503), ...upload.done });
    expectAck(await upload.close(), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
    expect(new Set(putsOf(upload).map((headers) => headers["idempotency-key"])).size).toBe(1);
    expect(putsOf(upload)).toHaveLength(3);
    expect(application.of(upload.target), "the application has it since the first").toHaveLength(1);
  });

  it("a PUT whose answer is lost is repeated, and the file that is there is known for its own", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    application.answer(upload.target, COPY);
    expectReplyUrl(await upload.send(), upload);
    bench.origin.queue({ kind: "close", store: true });
    expectAck(await upload.close(), { ...ofApplication(502, "0x80072EFE"), ...upload.done });
    expectAck(await upload.close(), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
  });

  it("two Close-Sessions at once are one PUT, and hear the same (ruling 18)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    application.answer(upload.target, COPY);
    expectReplyUrl(await upload.send(), upload);
    // oxlint-disable-next-line unicorn/no-thenable -- the behaviour's own name for what it does next
    bench.origin.queue({ kind: "delay", milliseconds: 300, then: answer(507) });
    using other = await bench.open();
    const first = upload.close();
    await bench.origin.waitFor(({ method, url }) => method === "PUT" && url === upload.target);
    const acks = await Promise.all([first, upload.close(other)]);
    for (const ack of acks) expectAck(ack, { ...ofApplication(507), ...upload.done });
    expect(putsOf(upload)).toHaveLength(1);
  });

  it("never replaces what is there, but where the directory allows it (ruling 13)", async () => {
    const { bench, application } = stage();
    using kept = await bench.begin(2_000, { directory: "/reply/" });
    application.answer(kept.target, { ...COPY, body: "a reply" });
    const url = expectReplyUrl(await kept.send(), kept);
    await bench.place(kept.target, "was here first");
    for (let turn = 0; turn < 2; turn++) expectAck(await kept.close(), { ...FORBIDDEN, ...kept.done });
    expect(putsOf(kept), "403 is the last word (ruling 17)").toHaveLength(1);
    expect((await bench.published(kept.target))?.toString()).toBe("was here first");
    expect((await fetchUrl(url)).body.toString()).toBe("a reply");
    expectAck(await kept.cancel(), kept.done);

    using replaced = await bench.begin(2_000, { directory: "/replacing/" });
    application.answer(replaced.target, COPY);
    expectReplyUrl(await replaced.send(), replaced);
    await bench.place(replaced.target, "was here first");
    expectAck(await replaced.close(), replaced.done);
    expect(putsOf(replaced)[0]).not.toHaveProperty("if-none-match");
    await bench.expectPublished(replaced.target, replaced.bytes);
  });

  it("is not done where the client cancels instead (section 4.6)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/reply/" });
    application.answer(upload.target, COPY);
    expectReplyUrl(await upload.send(), upload);
    expectAck(await upload.cancel(), upload.done);
    expect(putsOf(upload)).toEqual([]);
  });

  it("is done after the edge has died in between (ruling 19)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000_000, { directory: "/reply/" });
    application.answer(upload.target, COPY);
    expectReplyUrl(await upload.send(), upload);
    await bench.edge.kill();
    await bench.edge.restart();
    using connection = await bench.open();
    expectAck(await upload.close(connection), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
    expect(application.of(upload.target)).toHaveLength(1);
  });
});

describe("BITS-Copy-File-To-Destination, where there is no reply (section 4.6)", () => {
  it("told on Close-Session: POST and PUT belong to the same one", async () => {
    const { bench, application } = stage();
    using upload = await bench.beginWhole(2_000, { directory: "/told/" });
    application.answer(upload.target, COPY);
    expectAck(await upload.close(), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
    expectAck(await upload.close(), upload.done);
    expect([application.of(upload.target).length, putsOf(upload).length]).toEqual([1, 1]);
  });

  it.each([200, 507])(
    "told on Close-Session: two at once hear of the file's own way, and nothing before it (%d; ruling 18)",
    async (status) => {
      const { bench, application } = stage();
      using upload = await bench.beginWhole(2_000, { directory: "/told/" });
      const { passed, open } = gate();
      application.answer(upload.target, async () => {
        await passed;
        return COPY;
      });
      using other = await bench.open();
      using third = await bench.open();
      const closes = [upload.close(), application.notified(upload.target).then(() => upload.close(other))];
      await application.notified(upload.target);
      // One more turn of the session, behind the second Close-Session.
      await upload.send(0, 2_000, { connection: third });
      const own: OriginBehaviour = status === 200 ? { kind: "serve" } : answer(status);
      // oxlint-disable-next-line unicorn/no-thenable -- the behaviour's own name for what it does next
      bench.origin.queue({ kind: "delay", milliseconds: 300, then: own });
      open();
      for (const ack of await Promise.all(closes))
        expectAck(ack, { ...(status === 200 ? {} : ofApplication(status)), ...upload.done });
      expect([application.of(upload.target).length, putsOf(upload).length]).toEqual([1, 1]);
    },
  );

  it("told on Close-Session: a PUT that fails does not tell the application again", async () => {
    const { bench, application } = stage();
    using upload = await bench.beginWhole(2_000, { directory: "/told/" });
    application.answer(upload.target, { status: 500 }, COPY);
    expectAck(await upload.close(), { ...ofApplication(500), ...upload.done });
    bench.origin.queue(answer(507));
    expectAck(await upload.close(), { ...ofApplication(507), ...upload.done });
    expectAck(await upload.close(), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
    expect([application.of(upload.target).length, putsOf(upload).length]).toEqual([2, 2]);
  });

  it("told on the last Fragment: PUT on Close-Session", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/at-once/" });
    application.answer(upload.target, COPY);
    expectAck(await upload.send(), complete(upload));
    expect(putsOf(upload)).toEqual([]);
    expectAck(await upload.close(), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
    expectAck(await upload.send(), complete(upload));
    expect([application.of(upload.target).length, putsOf(upload).length]).toEqual([1, 1]);
  });

  it("nothing is published where the application does not ask for it", async () => {
    const { bench } = stage();
    using upload = await bench.beginWhole(2_000, { directory: "/told/" });
    expectAck(await upload.close(), upload.done);
    expect(putsOf(upload)).toEqual([]);
  });
});
