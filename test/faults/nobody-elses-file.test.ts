import { writeFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { answer, type OriginBehaviour } from "../support/origin-behaviour.ts";
import { type Upload, useBench } from "./bench.ts";
import type { Fault } from "./faulty-origin.ts";
import { eventually } from "../support/eventually.ts";

/** What the origin says to those who would read a file; a method that is not here is served. */
let reading: Readonly<Record<string, () => OriginBehaviour>> = {};
afterEach(() => {
  reading = {};
});

const UPLOAD_DIRECTORIES = [{ path: "/files/" }, { path: "/brief/" }];
const bench = useBench({
  vars: { UPLOAD_DIRECTORIES },
  origin: { behave: ({ method }) => reading[method]?.() },
});
const LOST = [502, 0x80072efe, 0x7];
const TAKEN = [403, 0x80070005, 0x5];
const DONE = [200, undefined, undefined];

/** The application takes the upload, and its answer is lost. */
const loseAnswer: Fault = async ({ socket, deliver }) => {
  await deliver();
  socket.resetAndDestroy();
};

let upload: Upload;

async function told(of = upload): Promise<unknown[]> {
  const { status, errorCode, errorContext } = await of.close();
  return [status, errorCode, errorContext];
}

async function closeWith(fault: Fault): Promise<unknown[]> {
  bench().origin.fault = fault;
  try {
    return await told();
  } finally {
    await bench().origin.recover();
  }
}

/** Somebody else's, which came while the upload was on its way. */
async function putFile(content: Buffer | string): Promise<void> {
  const path = bench().origin.application.files.pathOf(upload.destination) ?? "";
  await writeFile(path, content);
}

const found = async (): Promise<string | undefined> =>
  (await bench().published(upload.destination))?.toString("latin1");

describe("A destination that is taken", () => {
  it("is not ours where the only attempt never arrived, even if it begins as the upload does (RFC 9110 13.1.2)", async () => {
    upload = await bench().beginWhole(10_000);
    await bench().origin.refuse();
    try {
      expect(await told()).toEqual([502, 0x80072efd, 0x7]);
    } finally {
      await bench().origin.recover();
    }
    const theirs = upload.bytes.subarray(0, 5).toString("latin1");
    const other = await bench().beginWhole(5);
    expect(await told(other)).toEqual(DONE);
    await putFile(Buffer.from(theirs, "latin1"));
    for (let turn = 0; turn < 2; turn++) expect(await told()).toEqual(TAKEN);
    expect(await found()).toBe(theirs);
  });

  it("is ours where an attempt may have arrived and it has our bytes", async () => {
    upload = await bench().beginWhole(10_000);
    expect(await closeWith(loseAnswer)).toEqual(LOST);
    expect(await told()).toEqual(DONE);
    expect(await found()).toBe(upload.bytes.toString("latin1"));
  });

  it("is another's where it has other bytes", async () => {
    upload = await bench().beginWhole(10_000);
    expect(await closeWith(({ socket }) => void socket.resetAndDestroy())).toEqual(LOST);
    await putFile("theirs");
    expect(await told()).toEqual(TAKEN);
    expect(await found()).toBe("theirs");
  });
});

const lengthOf = (): string => String(upload.bytes.length);
const properties = (length: string, modified = new Date()): string => `<?xml version="1.0"?>
<a:multistatus xmlns:a="DAV:"><a:response><a:href>/x</a:href><a:propstat><a:status>HTTP/1.1 200 OK</a:status><a:prop>
<a:getcontentlength xmlns:b="urn:uuid:c2f41010-65b3-11d1-a29f-00aa00c14882/" b:dt="int">${length}</a:getcontentlength>
<a:getlastmodified>${modified.toUTCString()}</a:getlastmodified></a:prop></a:propstat></a:response></a:multistatus>`;

/** IIS, and a file whose extension has no MIME type: 404.3. A folder that may only be written to: 403. */
describe.each([404, 403, 405])("A file that says %i to whoever reads it", (status) => {
  const unread = { GET: () => answer(status), HEAD: () => answer(status), PROPFIND: () => answer(status) };

  it.each([
    { by: "HEAD", told: () => ({ HEAD: () => answer(200, { "Content-Length": lengthOf() }) }) },
    {
      by: "HEAD, with its time",
      told: () => ({
        HEAD: () =>
          answer(200, {
            "Content-Length": lengthOf(),
            "Last-Modified": new Date().toUTCString(),
            ETag: '"1"',
          }),
      }),
    },
    { by: "PROPFIND", told: () => ({ PROPFIND: () => answer(207, {}, properties(lengthOf())) }) },
  ])("is ours where $by says that it is as long, and new: it is sent once more, and done", async (given) => {
    upload = await bench().beginWhole(10_000);
    expect(await closeWith(loseAnswer)).toEqual(LOST);
    reading = { ...unread, ...given.told() };
    expect(await told()).toEqual(DONE);
    expect(await found()).toBe(upload.bytes.toString("latin1"));
    const last = bench().commitsOf(upload.destination).at(-1)?.headers;
    expect(last).not.toHaveProperty("if-none-match");
    if (given.by.includes("time")) expect(last?.["if-match"]).toBe('"1"');
  });

  it.each([
    { what: "longer", length: "20000", modified: new Date() },
    { what: "older", length: "10000", modified: new Date(Date.now() - 3_600_000) },
  ])("is another's where it is $what", async ({ length, modified }) => {
    upload = await bench().beginWhole(10_000);
    expect(await closeWith(({ socket }) => void socket.resetAndDestroy())).toEqual(LOST);
    await putFile("theirs");
    reading = { ...unread, PROPFIND: () => answer(207, {}, properties(length, modified)) };
    expect(await told()).toEqual(TAKEN);
    expect(await found()).toBe("theirs");
  });

  it("waits where nothing can be learnt of it, says so, and is done when it can be read", async () => {
    upload = await bench().beginWhole(10_000);
    expect(await closeWith(loseAnswer)).toEqual(LOST);
    reading = unread;
    for (let turn = 0; turn < 2; turn++) expect(await told()).toEqual(LOST);
    await eventually(() => {
      const lines = bench().edge.logs.map(({ json }) => json as Record<string, unknown> | undefined);
      const ours = lines.filter((line) => line?.["event"] === "destination-unreadable");
      expect(ours.map((line) => line?.["url"])).toContain(bench().origin.url + upload.destination);
    });
    reading = {};
    expect(await told()).toEqual(DONE);
    expect(await found()).toBe(upload.bytes.toString("latin1"));
  });

  it("waits where the origin cannot be asked just now", async () => {
    upload = await bench().beginWhole(10_000);
    expect(await closeWith(loseAnswer)).toEqual(LOST);
    reading = { GET: () => answer(503) };
    expect(await told()).toEqual(LOST);
    reading = {};
    expect(await told()).toEqual(DONE);
  });
});
