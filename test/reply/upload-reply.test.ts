import { describe, expect, it } from "vitest";
import { contentOf } from "../conformance/support.ts";
import { expectAck, ofApplication, SESSION_UNKNOWN } from "../conformance/expect-ack.ts";
import { complete, expectReplyUrl, fetchUrl, useStage, valuesOf } from "./support.ts";

/** Of the reply, in /limited/: more than a piece. */
const LIMIT = (1 << 20) + 10;
/** "The file size exceeds the limit allowed and cannot be saved." */
const REPLY_TOO_LARGE = ofApplication(403, "0x800700DF");

const stage = useStage((application) => ({
  directories: [
    { path: "/reply/", notification: "by-value", notification_url: application.url, reply: true },
    { path: "/told/", notification: "by-value", notification_url: application.url },
    {
      path: "/limited/",
      notification: "by-value",
      notification_url: application.url,
      reply: true,
      maximum_upload_bytes: LIMIT,
    },
  ],
}));

describe.each(["tcp", "http"] as const)("an upload-reply over the %s door (rulings 15 and 25)", (door) => {
  it("is answered by the application while its last Fragment is handled, [MC-BUP] 3.2.5.1.3", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(3_000, { directory: "/reply/", door });
    application.answer(upload.target, { body: "the reply" });

    expectAck(await upload.send(0, 1_000), { sessionId: upload.sessionId, offset: 1_000 });
    expect(application.of(upload.target), "nobody is told of a part").toEqual([]);

    const url = expectReplyUrl(await upload.send(1_000), upload);
    const [notification, ...others] = application.of(upload.target);
    expect(others).toEqual([]);
    expect(notification?.method).toBe("POST");
    expect(notification?.body.equals(upload.bytes)).toBe(true);
    expect(notification?.headers).toMatchObject({
      "bits-original-request-url": `${new URL(url).origin}${upload.target}`,
      "bits-session-id": upload.sessionId,
      "content-length": "3000",
      "idempotency-key": expect.stringMatching(/^[0-9a-f-]{36}$/),
    });

    // On the edge, as the client addressed it, and not to be guessed (ruling 25).
    const port = door === "tcp" ? bench.edge.tcpPort : bench.edge.httpPort;
    expect(url).toMatch(
      new RegExp(`^http://127\\.0\\.0\\.1:${port}/reply/BITS-Sessions/Replies/.*[0-9a-f]{32}/`),
    );
    const reply = await fetchUrl(url);
    expect([reply.status, reply.body.toString()]).toEqual([200, "the reply"]);

    expectAck(await upload.close(), upload.done);
    expect((await fetchUrl(url)).status, "it ends with the session").toBe(404);
    expect(application.of(upload.target)).toHaveLength(1);
    expect(await bench.published(upload.target), "nothing was asked to be published").toBeUndefined();
  });
});

describe("the reply", () => {
  it("may be empty: it is a reply all the same, section 9-12 and ruling 25", async () => {
    const { bench } = stage();
    using upload = await bench.begin(100, { directory: "/reply/" });
    const url = expectReplyUrl(await upload.send(), upload);
    const reply = await fetchUrl(url);
    expect([reply.status, reply.header("Content-Length"), reply.body.length]).toEqual([200, "0", 0]);
    expect((await fetchUrl(url, { method: "HEAD" })).header("Content-Length")).toBe("0");
    // No byte of it can be asked for.
    const range = await fetchUrl(url, { headers: { Range: "bytes=0-" } });
    expect([range.status, range.header("Content-Range")]).toEqual([416, "bytes */0"]);
    expectAck(await upload.close(), upload.done);
  });

  it.each([
    ["with its length", "length", 5_000_000],
    ["in chunks", "chunked", 3_000_000],
    ["until the connection ends, as in [MC-BUP] 4.2", "close", 2_500_000],
    ["of 1 MiB and not a byte more", "length", 1 << 20],
    ["of one byte more than 1 MiB", "chunked", (1 << 20) + 1],
  ] as const)("may be large, and sent %s", async (_how, framing, size) => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/reply/" });
    const body = contentOf(size, upload.target);
    application.answer(upload.target, { body, framing });
    const reply = await fetchUrl(expectReplyUrl(await upload.send(), upload));
    expect(reply.header("Content-Length")).toBe(String(size));
    expect(reply.body.equals(body)).toBe(true);
  });

  it("is offered for an empty upload too (rulings 11 and 25)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(0, { directory: "/reply/" });
    application.answer(upload.target, { body: "of nothing" });
    const reply = await fetchUrl(expectReplyUrl(await upload.send(), upload));
    expect(reply.body.toString()).toBe("of nothing");
    expect(application.of(upload.target)[0]?.headers["content-length"]).toBe("0");
  });

  it("of a status like 202 or 204 is a reply (ruling 16)", async () => {
    const { bench, application } = stage();
    for (const status of [201, 202, 204]) {
      using upload = await bench.begin(100, { directory: "/reply/" });
      const body = status === 204 ? "" : "later";
      application.answer(upload.target, { status, body, framing: status === 204 ? "close" : "length" });
      const reply = await fetchUrl(expectReplyUrl(await upload.send(), upload));
      expect([status, reply.status, reply.body.toString()]).toEqual([status, 200, body]);
    }
  });

  it("is gone after Cancel-Session ([MC-BUP] 3.2.5.2.8, section 4.6)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/reply/" });
    application.answer(upload.target, { body: "nobody wants it" });
    const url = expectReplyUrl(await upload.send(), upload);
    expectAck(await upload.cancel(), upload.done);
    for (const method of ["GET", "HEAD"]) {
      const gone = await fetchUrl(url, { method });
      expect([method, gone.status, gone.body.toString()]).toEqual([method, 404, ""]);
    }
  });

  it("survives the edge's death, and so does its URL (ruling 23)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/reply/" });
    const body = contentOf(1_500_000, upload.target);
    application.answer(upload.target, { body });
    const url = expectReplyUrl(await upload.send(), upload);
    const before = await fetchUrl(url, { method: "HEAD" });

    await bench.edge.kill();
    await bench.edge.restart();

    const reply = await fetchUrl(url);
    expect(reply.body.equals(body)).toBe(true);
    expect(reply.header("ETag")).toBe(before.header("ETag"));
    expect(reply.header("Last-Modified")).toBe(before.header("Last-Modified"));
    using connection = await bench.open();
    expect(expectReplyUrl(await upload.send(50, 100, { connection }), upload)).toBe(url);
    expectAck(await upload.close(connection), upload.done);
    expect(application.of(upload.target)).toHaveLength(1);
  });
});

describe("a reply larger than maximum_upload_bytes (ruling 26)", () => {
  it.each(["length", "chunked", "close"] as const)("may have as many bytes, sent %s", async (framing) => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/limited/" });
    const body = contentOf(LIMIT, framing);
    application.answer(upload.target, { body, framing });
    const reply = await fetchUrl(expectReplyUrl(await upload.send(), upload));
    expect(reply.body.equals(body)).toBe(true);
    expectAck(await upload.close(), upload.done);
  });

  it.each(["length", "chunked", "close"] as const)(
    "is 403 for one byte more, sent %s: the application has the upload, and is not told again",
    async (framing) => {
      const { bench, application } = stage();
      using upload = await bench.begin(100, { directory: "/limited/" });
      application.answer(upload.target, { body: contentOf(LIMIT + 1, framing), framing }, { body: "less" });
      for (let turn = 0; turn < 2; turn++) {
        const refused = await upload.send();
        expectAck(refused, { ...complete(upload), ...REPLY_TOO_LARGE });
        expect(valuesOf(refused, "BITS-Reply-URL")).toEqual([]);
      }
      expectAck(await upload.close(), { ...REPLY_TOO_LARGE, ...upload.done });
      expect(application.of(upload.target)).toHaveLength(1);
      await bench.untilLogged("commit-ended", upload);
      expect(bench.edge.logs.map(({ json }) => json)).toContainEqual(
        expect.objectContaining({
          event: "commit-ended",
          destination: upload.target,
          outcome: "replyTooLarge",
          originStatus: 200,
          status: 403,
        }),
      );
      expectAck(await upload.cancel(), upload.done);
    },
  );
});

describe("BITS-Reply-URL", () => {
  it("is never offered where the application is told and does not reply, section 1.6", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/told/" });
    application.answer(upload.target, { body: "not for the client" });
    expectAck(await upload.send(), complete(upload));
    expectAck(await upload.close(), upload.done);
    expectAck(await upload.send(), complete(upload));
  });

  it("is not on the Ack of a Fragment after Close-Session, when there is no reply any more", async () => {
    const { bench } = stage();
    using upload = await bench.begin(100, { directory: "/reply/" });
    expectReplyUrl(await upload.send(), upload);
    expectAck(await upload.close(), upload.done);
    expectAck(await upload.send(), complete(upload));
    expectAck(await upload.close(), upload.done);
  });
});

describe("BITS-Static-Response-URL ([MC-BUP] 2.2.13.2; ruling 25)", () => {
  const STATIC = "http://downloads.example.com/replies/42?for=you";

  it("is passed on as it is", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/reply/" });
    application.answer(upload.target, { headers: { "BITS-Static-Response-URL": STATIC }, body: "unused" });
    expect(expectReplyUrl(await upload.send(), upload)).toBe(STATIC);
    // … and again for the same Fragment.
    expect(expectReplyUrl(await upload.send(), upload)).toBe(STATIC);
    expectAck(await upload.close(), upload.done);
    expect(application.of(upload.target)).toHaveLength(1);
  });

  it("may be 2,200 characters long", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/reply/" });
    const url = STATIC.padEnd(2_200, "x");
    application.answer(upload.target, { headers: { "BITS-Static-Response-URL": url } });
    expect(expectReplyUrl(await upload.send(), upload)).toBe(url);
  });

  it("is 400 + 0x80070057 above that, [MC-BUP] 2.2.1.2; the application is asked again", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/reply/" });
    const url = STATIC.padEnd(2_201, "x");
    application.answer(upload.target, { headers: { "BITS-Static-Response-URL": url } }, { body: "shorter" });
    const refused = await upload.send();
    expectAck(refused, { ...complete(upload), ...ofApplication(400, "0x80070057") });
    expect(valuesOf(refused, "BITS-Reply-URL")).toEqual([]);
    const reply = await fetchUrl(expectReplyUrl(await upload.send(), upload));
    expect(reply.body.toString()).toBe("shorter");
  });
});

it("is the session's alone: at another URL it is unknown (ruling 12)", async () => {
  const { bench } = stage();
  using upload = await bench.begin(100, { directory: "/reply/" });
  expectReplyUrl(await upload.send(), upload);
  const elsewhere = await upload.send(0, 100, {
    requestLine: `BITS_POST ${bench.target("/reply/")} HTTP/1.1`,
  });
  expectAck(elsewhere, { ...SESSION_UNKNOWN, sessionId: upload.sessionId });
});
