import { describe, expect, it } from "vitest";
import type { Door } from "../conformance/support.ts";
import { CREATED, expectAck, FORBIDDEN, INVALID } from "../conformance/expect-ack.ts";
import { type Ack, createSession } from "../support/bits-client.ts";
import { expectReplyUrl, fetchUrl, uploadOf, useStage, valuesOf, withoutHeaders } from "./support.ts";

const stage = useStage((application) => ({
  vars: {
    UPLOAD_DIRECTORIES: [
      { path: "/uploads/" },
      { path: "/hosted/", host_id: "FRANKCAO8", host_id_fallback_timeout_seconds: 110 },
      { path: "/hosted-daily/", host_id: "node2.example.com:8080" },
      { path: "/hosted-for-ever/", host_id: "[2001:db8::7]", host_id_fallback_timeout_seconds: 0 },
      { path: "/from-here/", allow_from: ["192.0.2.0/24", "127.0.0.0/8"] },
      { path: "/from-elsewhere/", allow_from: ["192.0.2.0/24", "2001:db8::/32"] },
      { path: "/from-nowhere/", allow_from: [] },
      { path: "/ref/", notification: "by-reference", notification_url: application.url, reply: true },
    ],
    PUBLIC_URL: "https://uploads.example.com",
  },
}));

async function create(
  target: string,
  door: Door = "tcp",
  headers: Readonly<Record<string, string>> = {},
): Promise<Ack> {
  using connection = await stage().bench.open(door);
  return await createSession(connection, target, { verb: door === "tcp" ? "BITS_POST" : "POST", headers });
}

describe("BITS-Host-Id ([MC-BUP] 2.2.3.2)", () => {
  it.each([
    ["/hosted/", "FRANKCAO8", ["110"]],
    ["/hosted-daily/", "node2.example.com:8080", ["86400"]], // IIS's default, one day (section 5)
    ["/hosted-for-ever/", "[2001:db8::7]", []], // none: the client never comes back
    ["/uploads/", undefined, []],
  ] as const)(
    "%s: %s, and the fallback timeout %j, on Create-Session's Ack",
    async (directory, id, timeout) => {
      const ack = await create(stage().bench.target(directory));
      expect(valuesOf(ack, "BITS-Host-Id")).toEqual(id === undefined ? [] : [id]);
      expect(valuesOf(ack, "BITS-Host-Id-Fallback-Timeout")).toEqual(timeout);
      expectAck(withoutHeaders(ack, "BITS-Host-Id", "BITS-Host-Id-Fallback-Timeout"), CREATED);
    },
  );

  it("is on no other Ack, and not on a refusal; the later packets may name either host", async () => {
    const { bench } = stage();
    const target = bench.target("/hosted/");
    using connection = await bench.open();
    const ack = await createSession(connection, target);
    const headers = { Host: "FRANKCAO8" };
    const upload = uploadOf({ ack, target, bytes: Buffer.from("hello") }, connection, { headers });
    expectAck(await upload.send(0, 2), { sessionId: upload.sessionId, offset: 2 });
    expectAck(await upload.send(2, 5, { headers: { Host: "frankcao8" } }), {
      sessionId: upload.sessionId,
      offset: 5,
    });
    expectAck(await upload.close(), upload.done);
    await bench.expectPublished(target, upload.bytes);
    const refused = await createSession(connection, target, {
      headers: { "BITS-Supported-Protocols": null },
    });
    expectAck(refused, INVALID);
  });
});

describe("allow_from", () => {
  it.each([
    ["/from-here/", CREATED],
    ["/from-elsewhere/", FORBIDDEN],
    ["/from-nowhere/", FORBIDDEN],
  ])("%s over TCP from 127.0.0.1: %j", async (directory, expected) => {
    expectAck(await create(stage().bench.target(directory)), expected);
  });

  it("is not to be talked into anything by headers, over TCP", async () => {
    const headers = {
      "X-Forwarded-For": "192.0.2.1",
      "CF-Connecting-IP": "192.0.2.1",
      Forwarded: "for=192.0.2.1",
    };
    expectAck(await create(stage().bench.target("/from-elsewhere/"), "tcp", headers), FORBIDDEN);
  });

  it("asks nothing of the origin for those it refuses", async () => {
    const { bench } = stage();
    const target = bench.target("/from-elsewhere/");
    expectAck(await create(target), FORBIDDEN);
    expect(bench.origin.requests.filter(({ url }) => url === target)).toEqual([]);
  });
});

describe("PUBLIC_URL", () => {
  it("is where a client finds its reply, and an application the upload (rulings 24 and 25)", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(10, { directory: "/ref/" });
    application.answer(upload.target, async ({ headers }) => {
      for (const name of ["bits-request-datafile-name", "bits-response-datafile-name"])
        expect(new URL(headers[name] ?? "").origin).toBe("https://uploads.example.com");
      const entity = await fetchUrl(headers["bits-request-datafile-name"] ?? "", {}, { bench, door: "tcp" });
      expect(entity.body.equals(upload.bytes)).toBe(true);
      const body = Buffer.from("of public interest");
      const url = headers["bits-response-datafile-name"] ?? "";
      expect((await fetchUrl(url, { method: "PUT", body }, { bench, door: "http" })).status).toBe(201);
      return {};
    });
    const url = expectReplyUrl(await upload.send(), upload);
    expect(new URL(url).origin).toBe("https://uploads.example.com");
    for (const door of ["tcp", "http"] as const)
      expect((await fetchUrl(url, {}, { bench, door })).body.toString()).toBe("of public interest");
    // What the application is told of the client's own URL is not changed by it.
    expect(application.of(upload.target)[0]?.headers["bits-original-request-url"]).toBe(
      `${bench.edge.tcpUrl}${upload.target}`,
    );
  });
});
