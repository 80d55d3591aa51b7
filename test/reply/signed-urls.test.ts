import { beforeAll, describe, expect, it } from "vitest";
import { expectAck } from "../conformance/expect-ack.ts";
import type { Notification } from "./application.ts";
import { entityUrlOf, inNotification, put, replyUrlOf } from "./in-notification.ts";
import { fetchUrl, gate, useStage } from "./support.ts";
import { eventually } from "../support/eventually.ts";

const stage = useStage((application) => {
  const notified = { notification: "by-reference", notification_url: application.url, reply: true } as const;
  return {
    directories: [
      { path: "/ref-reply/", ...notified },
      { path: "/other/", ...notified },
      { path: "/brief/", ...notified, session_timeout_seconds: 4 },
    ],
  };
});

const REPLY = "the reply";
/** When a URL expires, and its signature. */
const SIGNATURE = /[0-9a-f]+-[0-9a-f]{32}(?=\/)/;
let url = "";

beforeAll(async () => {
  url = await newReply();
});

async function leaveReply(notification: Notification): Promise<void> {
  expect(await put(replyUrlOf(notification), Buffer.from(REPLY))).toBe(201);
}

async function newReply(directory = "/ref-reply/"): Promise<string> {
  const { upload, url: reply } = await inNotification(stage(), leaveReply, { directory });
  upload[Symbol.dispose]();
  return reply;
}

describe("a URL that the edge has not made", () => {
  it.each<[string, (url: string) => string]>([
    ["has another signature", (genuine) => genuine.replace(/[0-9a-f]{32}(?=\/)/, "0".repeat(32))],
    ["differs in the last digit", (genuine) => genuine.replace(/[0-9a-f](?=\/[a-z]+\.bin$)/, flipped)],
    ["lives longer", (genuine) => genuine.replace(/[0-9a-f]+(?=-[0-9a-f]{32}\/)/, "fffffffff")],
    ["is another directory's", (genuine) => genuine.replace("/ref-reply/", "/other/")],
    ["reads the upload instead", (genuine) => genuine.replace("/Replies/", "/Requests/")],
  ])("%s: 403, and says nothing (ruling 25)", async (_how, forge) => {
    for (const method of ["GET", "HEAD"]) {
      const refused = await fetchUrl(forge(url), { method });
      expect([method, refused.status, refused.body.length]).toEqual([method, 403, 0]);
    }
  });

  it("has another session's signature: 403", async () => {
    const other = await newReply();
    const mixed = url.replace(SIGNATURE, SIGNATURE.exec(other)?.[0] ?? "");
    expect(mixed).not.toBe(url);
    expect((await fetchUrl(mixed)).status).toBe(403);
    expect((await fetchUrl(other)).status).toBe(200);
  });

  it("is used to write: 403 for PUT, 405 for the rest, and the reply stays as it is", async () => {
    const body = Buffer.from("mine");
    expect((await fetchUrl(url, { method: "PUT", body })).status).toBe(403);
    for (const method of ["POST", "DELETE", "PATCH"]) {
      const refused = await fetchUrl(url, { method, body });
      expect([method, refused.status, refused.header("Allow")]).toEqual([method, 405, "GET, HEAD"]);
    }
    expect((await fetchUrl(url)).body.toString()).toBe(REPLY);
  });

  it("is no destination: nothing can be uploaded there, and nothing of it reaches the origin", async () => {
    const { bench } = stage();
    const { pathname } = new URL(url);
    using connection = await bench.open();
    await connection.send(
      `BITS_POST ${pathname} HTTP/1.1\r\nHost: edge\r\nBITS-Packet-Type: Create-Session\r\n` +
        "BITS-Supported-Protocols: {7df0354d-249b-430f-820d-3d2a9bef4931}\r\nContent-Length: 0\r\n\r\n",
    );
    expect((await connection.readResponse()).status).toBe(400);
    expect(bench.origin.requests.filter(({ url: asked }) => asked.includes("BITS-Sessions"))).toEqual([]);
  });
});

it("a reply's URL expires with its session's time, though it was asked for until then: 403", async () => {
  const brief = await newReply("/brief/");
  expect((await fetchUrl(brief)).status).toBe(200);
  await eventually(async () => expect((await fetchUrl(brief)).status).toBe(403));
});

describe("the URLs of a notification", () => {
  it("write nothing outside of it: 409 before the answer is there no more", async () => {
    let late = "";
    const { upload, url: reply } = await inNotification(stage(), async (notification) => {
      late = replyUrlOf(notification);
      await put(late, Buffer.from("in time"));
    });
    expect(await put(late, Buffer.from("too late"))).toBe(409);
    expect((await fetchUrl(reply)).body.toString()).toBe("in time");
    expectAck(await upload.close(), upload.done);
    expect(await put(late, Buffer.from("far too late"))).toBe(409);
    upload[Symbol.dispose]();
  });

  it("give the upload to no one after it was accepted: its bytes are released", async () => {
    let entity = "";
    const { upload } = await inNotification(stage(), async (notification) => {
      entity = entityUrlOf(notification);
    });
    expect((await fetchUrl(entity)).status).toBe(404);
    upload[Symbol.dispose]();
  });

  it("are good for one method and one session each: 403 and 405", async () => {
    let other = "";
    const { upload: elsewhere } = await inNotification(stage(), async (notification) => {
      other = replyUrlOf(notification);
    });
    elsewhere[Symbol.dispose]();
    const { upload } = await inNotification(stage(), async (notification) => {
      const [entity, reply] = [entityUrlOf(notification), replyUrlOf(notification)];
      for (const method of ["GET", "HEAD"]) expect((await fetchUrl(reply, { method })).status).toBe(403);
      expect((await fetchUrl(reply, { method: "POST" })).status).toBe(403);
      expect((await fetchUrl(entity, { method: "DELETE" })).status).toBe(405);
      expect(await put(entity, Buffer.from("x"))).toBe(405);
      expect(await put(reply.replace(SIGNATURE, SIGNATURE.exec(other)?.[0] ?? ""), Buffer.from("x"))).toBe(
        403,
      );
      expect((await fetchUrl(entity.replace(SIGNATURE, SIGNATURE.exec(reply)?.[0] ?? ""))).status).toBe(403);
    });
    upload[Symbol.dispose]();
  });

  it("expire with the session's time: 403", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(100, { directory: "/brief/" });
    const { passed, open } = gate();
    const statuses: number[] = [];
    application.answer(upload.target, async (notification) => {
      do statuses.push((await fetchUrl(entityUrlOf(notification))).status);
      while (statuses.at(-1) === 200);
      statuses.push(await put(replyUrlOf(notification), Buffer.from("x")));
      open();
      return {};
    });
    upload.send().catch(() => undefined);
    await passed;
    expect([statuses[0], ...statuses.slice(-2)]).toEqual([200, 403, 403]);
  });
});

function flipped(digit: string): string {
  return digit === "0" ? "1" : "0";
}
