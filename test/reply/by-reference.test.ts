import { describe, expect, it } from "vitest";
import { contentOf } from "../conformance/support.ts";
import { expectAck, ofApplication } from "../conformance/expect-ack.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { entityUrlOf, inNotification, put, replyUrlOf } from "./in-notification.ts";
import { complete, expectReplyUrl, fetchUrl, useStage } from "./support.ts";

/** Of the reply, in /ref-limited/: more than a piece. */
const LIMIT = (1 << 20) + 10;

const stage = useStage((application) => {
  const notified = { notification: "by-reference", notification_url: application.url } as const;
  return {
    directories: [
      { path: "/ref/", ...notified },
      { path: "/ref-at-once/", ...notified, commit_on: "last-fragment" },
      { path: "/ref-reply/", ...notified, reply: true },
      { path: "/ref-limited/", ...notified, reply: true, maximum_upload_bytes: LIMIT },
    ],
  };
});

describe("an application that is notified by reference ([MC-BUP] 2.2.12; ruling 24)", () => {
  it.each([
    ["/ref/", "Close-Session"],
    ["/ref-at-once/", "last Fragment"],
    ["/ref-reply/", "last Fragment"],
  ])("%s: gets a POST without a body at the %s, and two URLs", async (directory, when) => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory });
    await upload.send();
    if (when === "Close-Session") {
      expect(application.of(upload.target)).toEqual([]);
      expectAck(await upload.close(), upload.done);
    }
    const [told, ...others] = application.of(upload.target);
    expect(others).toEqual([]);
    expect([told?.method, told?.body.length]).toEqual(["POST", 0]);
    expect(told?.headers).toMatchObject({
      "content-length": "0",
      "bits-original-request-url": `http://127.0.0.1:${bench.edge.tcpPort}${upload.target}`,
      "bits-session-id": upload.sessionId,
      "idempotency-key": expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(told?.headers).not.toHaveProperty("transfer-encoding");
    for (const name of ["bits-request-datafile-name", "bits-response-datafile-name"]) {
      const { origin, pathname } = new URL(told?.headers[name] ?? "");
      // PUBLIC_URL of this edge; the Host that the client named is not asked.
      expect(origin).toBe(bench.edge.httpUrl);
      expect(pathname.startsWith(`${directory}BITS-Sessions/`)).toBe(true);
    }
  });

  it("GETs the upload, whole or in part, and asks how long it is", async () => {
    const { upload } = await inNotification(
      stage(),
      async (notification, { bytes }) => {
        const url = entityUrlOf(notification);
        const head = await fetchUrl(url, { method: "HEAD" });
        expect([head.status, head.header("Content-Length")]).toEqual([200, String(bytes.length)]);
        const whole = await fetchUrl(url);
        expect([whole.status, whole.header("Content-Length")]).toEqual([200, String(bytes.length)]);
        expect(whole.body.equals(bytes)).toBe(true);
        const part = await fetchUrl(url, { headers: { Range: "bytes=1048000-1049000" } });
        expect([part.status, part.header("Content-Range")]).toEqual([206, "bytes 1048000-1049000/3000000"]);
        expect(part.body.equals(bytes.subarray(1_048_000, 1_049_001))).toBe(true);
        const http = await fetchUrl(url, {}, { bench: stage().bench, door: "http" });
        expect(http.body.equals(bytes)).toBe(true);
      },
      { size: 3_000_000 },
    );
    upload[Symbol.dispose]();
  });

  it("goes on where its download broke off", async () => {
    const { upload } = await inNotification(
      stage(),
      async (notification, { bytes }) => {
        const url = new URL(entityUrlOf(notification));
        using connection = await RawConnection.open(url.hostname, Number(url.port));
        await connection.send(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
        connection.reset();
        const { headers } = { headers: await fetchUrl(url.href, { method: "HEAD" }) };
        const rest = await fetchUrl(url.href, {
          headers: { Range: "bytes=2500000-", "If-Range": headers.header("ETag") ?? "" },
        });
        expect([rest.status, rest.header("Content-Range")]).toEqual([206, "bytes 2500000-5999999/6000000"]);
        expect(rest.body.equals(bytes.subarray(2_500_000))).toBe(true);
      },
      { size: 6_000_000 },
    );
    upload[Symbol.dispose]();
  });

  it.each(["length", "chunked"] as const)(
    "PUTs its reply (%s), and the client downloads it",
    async (framing) => {
      const reply = contentOf(3_300_000, framing);
      const { upload, url } = await inNotification(stage(), async (notification) => {
        const to = replyUrlOf(notification);
        expect(await (framing === "length" ? put(to, reply) : putChunked(to, reply))).toBe(201);
      });
      const got = await fetchUrl(url);
      expect([got.status, got.header("Content-Length")]).toEqual([200, String(reply.length)]);
      expect(got.body.equals(reply)).toBe(true);
      expectAck(await upload.close(), upload.done);
      expect((await fetchUrl(url)).status).toBe(404);
      upload[Symbol.dispose]();
    },
  );

  it.each([0, 1, 1 << 20, (1 << 20) + 1])("PUTs a reply of %d bytes", async (size) => {
    const reply = contentOf(size, "sizes");
    const { url } = await inNotification(stage(), async (notification) => {
      expect(await put(replyUrlOf(notification), reply)).toBe(201);
    });
    expect((await fetchUrl(url)).body.equals(reply)).toBe(true);
  });

  it("PUTs more than maximum_upload_bytes: it is told so by 413, and nothing of it stays (ruling 26)", async () => {
    const limited = { directory: "/ref-limited/" };
    const { url } = await inNotification(
      stage(),
      async (notification) => {
        expect(await put(replyUrlOf(notification), contentOf(LIMIT + 1, "too large"))).toBe(413);
      },
      limited,
    );
    expect((await fetchUrl(url, { method: "HEAD" })).header("Content-Length")).toBe("0");

    const whole = contentOf(LIMIT, "just right");
    const again = await inNotification(
      stage(),
      async (notification) => {
        expect(await putChunked(replyUrlOf(notification), contentOf(LIMIT + 1, "too large"))).toBe(413);
        expect(await put(replyUrlOf(notification), whole)).toBe(201);
      },
      limited,
    );
    expect((await fetchUrl(again.url)).body.equals(whole)).toBe(true);
  });

  it("PUTs twice: the last one is the reply, also where it is shorter", async () => {
    const { url } = await inNotification(stage(), async (notification) => {
      expect(await put(replyUrlOf(notification), contentOf(2_500_000, "first"))).toBe(201);
      expect(await put(replyUrlOf(notification), Buffer.from("second"))).toBe(201);
    });
    expect((await fetchUrl(url)).body.toString()).toBe("second");
  });

  it("PUTs through the HTTP door", async () => {
    const reply = contentOf(1_200_000, "http");
    const { url } = await inNotification(stage(), async (notification) => {
      const to = { bench: stage().bench, door: "http" } as const;
      const answer = await fetchUrl(replyUrlOf(notification), { method: "PUT", body: reply }, to);
      expect(answer.status).toBe(201);
    });
    expect((await fetchUrl(url)).body.equals(reply)).toBe(true);
  });

  it("a PUT that breaks off leaves no torn reply", async () => {
    const { url } = await inNotification(stage(), async (notification) => {
      const to = replyUrlOf(notification);
      const { hostname, port, pathname, host } = new URL(to);
      using connection = await RawConnection.open(hostname, Number(port));
      await connection.send(`PUT ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 500000\r\n\r\n`);
      await connection.send(Buffer.alloc(100_000, "x"));
      connection.halfClose();
      await connection.readToEnd();
    });
    expect((await fetchUrl(url, { method: "HEAD" })).header("Content-Length")).toBe("0");
  });

  it("leaves no reply, or one in its answer's body: the reply is empty (section 9-15)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/ref-reply/" });
    application.answer(upload.target, { body: "not looked at" });
    const reply = await fetchUrl(expectReplyUrl(await upload.send(), upload));
    expect([reply.status, reply.header("Content-Length")]).toEqual([200, "0"]);
  });

  it("fails after its PUT: the reply of the next attempt counts alone", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/ref-reply/" });
    application.answer(
      upload.target,
      async (notification) => {
        await put(replyUrlOf(notification), Buffer.from("of the first attempt"));
        return { status: 500 };
      },
      {},
    );
    expectAck(await upload.send(), { ...complete(upload), ...ofApplication(500) });
    const reply = await fetchUrl(expectReplyUrl(await upload.send(), upload));
    expect(reply.header("Content-Length")).toBe("0");
  });

  it("of a plain directory may PUT, and nobody gets it", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/ref-at-once/" });
    application.answer(upload.target, async (notification) => {
      expect((await fetchUrl(entityUrlOf(notification))).body.equals(upload.bytes)).toBe(true);
      await put(replyUrlOf(notification), Buffer.from("for nobody"));
      return {};
    });
    expectAck(await upload.send(), complete(upload));
    expectAck(await upload.close(), upload.done);
  });

  it("has BITS-Copy-File-To-Destination, too", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory: "/ref-reply/" });
    application.answer(upload.target, { headers: { "BITS-Copy-File-To-Destination": "1" } });
    expectReplyUrl(await upload.send(), upload);
    expectAck(await upload.close(), upload.done);
    await bench.expectPublished(upload.target, upload.bytes);
  });
});

/** The same in chunks, as HTTP clients send what they do not know the length of. */
async function putChunked(url: string, body: Buffer): Promise<number> {
  const { hostname, port, pathname, host } = new URL(url);
  using connection = await RawConnection.open(hostname, Number(port));
  await connection.send(`PUT ${pathname} HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  for (let at = 0; at < body.length; at += 300_000) {
    const chunk = body.subarray(at, at + 300_000);
    await connection.send(`${chunk.length.toString(16)}\r\n`);
    await connection.send(chunk);
    await connection.send("\r\n");
  }
  await connection.send("0\r\n\r\n");
  return (await connection.readResponse()).status;
}
