import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAck, ofApplication } from "../../conformance/expect-ack.ts";
import type { Upload } from "../../conformance/support.ts";
import { expectReplyUrl, fetchUrl } from "../../reply/support.ts";
import { EdgeBefore } from "./edge-before.ts";
import { startMono } from "./mono.ts";
import { requirePrograms } from "./real-origin.ts";

const BY_VALUE = { notification: "by-value", notification_url: "/receive.ashx" } as const;
const BY_REFERENCE = { notification: "by-reference", notification_url: "/receive.ashx" } as const;

let there: EdgeBefore | undefined;
const edge = (): EdgeBefore => {
  if (there === undefined) throw new Error("the edge is there from the first test on");
  return there;
};

beforeAll(async () => {
  await requirePrograms(
    { nginx: ["-v"], "fastcgi-mono-server4": ["/version"], mcs: ["--version"] },
    "nginx-light mono-fastcgi-server4 mono-mcs",
  );
  there = await EdgeBefore.start(startMono, [
    { path: "/told/", ...BY_VALUE },
    { path: "/reply/", ...BY_VALUE, reply: true },
    { path: "/ref/", ...BY_REFERENCE },
    { path: "/ref-reply/", ...BY_REFERENCE, reply: true },
  ]);
  await edge().origin.makeFolder("/reply");
});
afterAll(async () => there?.stop());

function pathAt(target: string): string {
  const name = new URL(target, "http://edge").pathname.split("/").at(-1) ?? "";
  return join(edge().origin.pathOf("/"), "..", "application", "App_Data", name);
}

/** What the application has of this upload. */
async function expectTaken({ target, bytes }: Upload): Promise<string> {
  expect((await readFile(pathAt(target))).equals(bytes)).toBe(true);
  return await readFile(`${pathAt(target)}.told`, "utf8");
}

describe("an ASP.NET handler on Mono, notified by value", () => {
  it.each([0, 1, 100_000, 12_000_000])("takes an upload of %d bytes", async (size) => {
    using upload = await edge().beginWhole(`/told/of-${size}.bin`, size);
    expectAck(await upload.close(), upload.done);
    const told = await expectTaken(upload);
    expect(told).toMatch(/^POST \/receive\.ashx\n/);
    expect(decodeURIComponent(told)).toContain(upload.target);
  });

  it("gets the query of the destination, and what it answers is told (ruling 14)", async () => {
    for (const [query, expected] of [
      ["status=500", ofApplication(500)],
      ["status=503&code=0x80041234", ofApplication(503, "0x80041234")],
      ["status=404", ofApplication(404)],
      ["throw=1", ofApplication(500)],
    ] as const) {
      using upload = await edge().beginWhole(`/told/asks.bin?${query}`, 1_000);
      expectAck(await upload.close(), { ...expected, ...upload.done });
      expect(await expectTaken(upload)).toContain(`POST /receive.ashx?${query}\n`);
    }
    using forbidden = await edge().beginWhole("/told/forbidden.bin?status=403", 1_000);
    for (let turn = 0; turn < 2; turn++)
      expectAck(await forbidden.close(), { ...ofApplication(403), ...forbidden.done });
  });

  it("replies, and the client downloads it", async () => {
    using upload = await edge().begin("/reply/echo.bin?times=3", 700_000);
    const url = expectReplyUrl(await upload.send(), upload);
    const reply = await fetchUrl(url);
    expect(reply.header("Content-Length")).toBe("2100000");
    expect(reply.body.equals(Buffer.concat([upload.bytes, upload.bytes, upload.bytes]))).toBe(true);
    expectAck(await upload.close(), upload.done);
  });

  it("asks for the file to be published, and names a reply of its own", async () => {
    const elsewhere = "http://downloads.example.com/reply.bin";
    using upload = await edge().begin(
      `/reply/kept.bin?copy=1&static=${encodeURIComponent(elsewhere)}`,
      50_000,
    );
    expect(expectReplyUrl(await upload.send(), upload)).toBe(elsewhere);
    expectAck(await upload.close(), upload.done);
    expect((await readFile(edge().origin.pathOf("/reply/kept.bin"))).equals(upload.bytes)).toBe(true);
  });

  it("refuses more than its maxRequestLength of 16 MiB: its status is told", async () => {
    using upload = await edge().beginWhole("/told/large.bin", 17_000_000);
    expectAck(await upload.close(), { ...ofApplication(400), ...upload.done });
  });
});

describe("an ASP.NET handler on Mono, notified by reference", () => {
  it.each([0, 1, 5_000_000])("fetches an upload of %d bytes", async (size) => {
    using upload = await edge().beginWhole(`/ref/of-${size}.bin?silent=1`, size);
    expectAck(await upload.close(), upload.done);
    await expectTaken(upload);
  });

  it("PUTs a reply, with Expect: 100-continue as .NET does, and the client downloads it", async () => {
    using upload = await edge().begin("/ref-reply/echo.bin?times=3", 900_000);
    const url = expectReplyUrl(await upload.send(), upload);
    expect(await expectTaken(upload)).toMatch(/&bits-response-datafile-name=http:/i);
    const reply = await fetchUrl(url);
    expect(reply.body.equals(Buffer.concat([upload.bytes, upload.bytes, upload.bytes]))).toBe(true);
    expectAck(await upload.close(), upload.done);
  });

  it("leaves no reply: an empty one is offered (ruling 25)", async () => {
    using upload = await edge().begin("/ref-reply/none.bin?silent=1", 900_000);
    const reply = await fetchUrl(expectReplyUrl(await upload.send(), upload));
    expect(reply.header("Content-Length")).toBe("0");
  });

  it("fails: told on the last Fragment, and the client's next one asks again", async () => {
    using upload = await edge().begin("/ref-reply/fails.bin?status=500", 1_000);
    for (let turn = 0; turn < 2; turn++) {
      const failed = { ...ofApplication(500), sessionId: upload.sessionId, offset: 1_000 };
      expectAck(await upload.send(), failed);
    }
    expectAck(await upload.cancel(), upload.done);
  });
});
