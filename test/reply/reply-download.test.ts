import { beforeAll, describe, expect, it } from "vitest";
import { contentOf, type Door } from "../conformance/support.ts";
import { expectAck } from "../conformance/expect-ack.ts";
import type { HttpResponse } from "../support/http-response.ts";
import { readByteRanges } from "./multipart.ts";
import { expectReplyUrl, fetchUrl, type UrlRequest, useStage } from "./support.ts";

const stage = useStage((application) => ({
  directories: [
    { path: "/reply/", notification: "by-value", notification_url: application.url, reply: true },
  ],
}));

/** Over a MiB, so that it is stored and read in more than one piece. */
const REPLY = contentOf(2_500_000, "a reply");
let url = "";

beforeAll(async () => {
  const { bench, application } = stage();
  using upload = await bench.begin(100, { directory: "/reply/" });
  application.answer(upload.target, { body: REPLY });
  url = expectReplyUrl(await upload.send(), upload);
});

describe.each(["tcp", "http"] as const)(
  "a reply, downloaded over the %s door ([MC-BUP] 3.5.5; ruling 25)",
  (door) => {
    const get = async (request: UrlRequest = {}): Promise<HttpResponse> => fetchFrom(door, url, request);
    const range = async (value: string, headers: Record<string, string> = {}): Promise<HttpResponse> =>
      get({ headers: { Range: value, ...headers } });

    it("GET: all of it, with its length and both validators", async () => {
      const reply = await get();
      expect(reply.status).toBe(200);
      expect(fieldsOf(reply)).toMatchObject({
        "accept-ranges": "bytes",
        "content-length": String(REPLY.length),
        "content-type": "application/octet-stream",
        etag: expect.stringMatching(/^"[^"]+"$/),
        "last-modified": expect.stringMatching(
          /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
        ),
      });
      expect(reply.header("Content-Encoding")).toBeUndefined();
      expect(reply.header("Transfer-Encoding")).toBeUndefined();
      expect(reply.body.equals(REPLY)).toBe(true);
      const age = Date.now() - Date.parse(reply.header("Last-Modified") ?? "");
      expect(age).toBeGreaterThanOrEqual(0);
      expect(age).toBeLessThan(60_000);
    });

    it("HEAD: the same without the bytes, also where a range is asked for (RFC 9110 14.2)", async () => {
      const whole = fieldsOf(await get());
      for (const headers of [{}, { Range: "bytes=0-9" }] as const) {
        const head = await get({ method: "HEAD", headers });
        expect(head.status).toBe(200);
        expect(fieldsOf(head)).toEqual(whole);
      }
    });

    it.each([
      ["bytes=0-9976", 0, 9_976],
      ["bytes=0-0", 0, 0],
      ["bytes=1048575-1048576", 1_048_575, 1_048_576],
      ["bytes=1048576-2097151", 1_048_576, 2_097_151],
      ["bytes=2499999-", 2_499_999, 2_499_999],
      ["bytes=1500000-", 1_500_000, 2_499_999],
      ["bytes=2400000-9999999", 2_400_000, 2_499_999],
      ["bytes=-1", 2_499_999, 2_499_999],
      ["bytes=-1000000", 1_500_000, 2_499_999],
      ["bytes=-9999999", 0, 2_499_999],
      ["Bytes=5-9", 5, 9],
    ])("%s: 206, just these bytes", async (value, first, last) => {
      const part = await range(value);
      expect(part.status).toBe(206);
      expect(fieldsOf(part)).toMatchObject({
        "content-range": `bytes ${first}-${last}/${REPLY.length}`,
        "content-length": String(last - first + 1),
        "content-type": "application/octet-stream",
        "accept-ranges": "bytes",
        etag: expect.any(String),
        "last-modified": expect.any(String),
      });
      expect(part.body.equals(REPLY.subarray(first, last + 1))).toBe(true);
    });

    it.each(["bytes=2500000-", "bytes=2500000-2500001", "bytes=9999999-10000000", "bytes=-0"])(
      "%s: 416, and how long it is (RFC 9110 15.5.17)",
      async (value) => {
        const refused = await range(value);
        expect(refused.status).toBe(416);
        expect(fieldsOf(refused)).toMatchObject({
          "content-range": `bytes */${REPLY.length}`,
          "content-length": "0",
        });
        expect(refused.body.length).toBe(0);
      },
    );

    it.each(["lines=1-2", "bytes", "bytes=", "bytes=a-b", "bytes=1-2,x"])(
      "%s: no range, so all of it (RFC 9110 14.2)",
      async (value) => {
        const reply = await range(value);
        expect([reply.status, reply.body.length]).toEqual([200, REPLY.length]);
      },
    );

    it.each([
      [
        "bytes=0-9,20-29",
        [
          [0, 9],
          [20, 29],
        ],
      ],
      [
        "bytes=0-0, -1",
        [
          [0, 0],
          [2_499_999, 2_499_999],
        ],
      ],
      [
        "bytes=1000000-1100000,2000000-2200000,5-6",
        [
          [1_000_000, 1_100_000],
          [2_000_000, 2_200_000],
          [5, 6],
        ],
      ],
      // What can not be satisfied is left out.
      [
        "bytes=0-4,9-12,9999999-",
        [
          [0, 4],
          [9, 12],
        ],
      ],
    ] as const)(
      "%s: 206, a part each, and the exact length of it all (RFC 9110 14.6)",
      async (value, expected) => {
        const reply = await range(value);
        expect(reply.status).toBe(206);
        expect(reply.header("Content-Range")).toBeUndefined();
        expect(reply.header("Content-Length")).toBe(String(reply.body.length));
        const parts = readByteRanges(reply);
        expect(parts.map(({ headers }) => headers["content-range"])).toEqual(
          expected.map(([first, last]) => `bytes ${first}-${last}/${REPLY.length}`),
        );
        for (const [index, [first, last]] of expected.entries()) {
          expect(parts[index]?.headers["content-type"]).toBe("application/octet-stream");
          expect(parts[index]?.body.equals(REPLY.subarray(first, last + 1))).toBe(true);
        }
      },
    );

    it("ranges that overlap are one; more than anybody needs are none (RFC 9110 14.2 and 17.15)", async () => {
      const joined = await range("bytes=0-5,3-9");
      expect([joined.status, joined.header("Content-Range")]).toEqual([206, `bytes 0-9/${REPLY.length}`]);
      const many = Array.from({ length: 400 }, (_, index) => `${index * 10}-${index * 10 + 1}`).join(",");
      const whole = await range(`bytes=${many}`);
      expect([whole.status, whole.body.length]).toEqual([200, REPLY.length]);
    });

    it("If-Range: the part while the reply is the same, else all of it (RFC 9110 13.1.5)", async () => {
      const { etag = "", "last-modified": date = "" } = fieldsOf(await get({ method: "HEAD" }));
      const older = new Date(Date.parse(date) - 1_000).toUTCString();
      for (const [condition, status] of [
        [etag, 206],
        [date, 206],
        ['"another"', 200],
        [`W/${etag}`, 200], // weak ones never match here
        [older, 200],
        ["Thu, 01 Jan 1970 00:00:00 GMT", 200],
      ] as const) {
        const reply = await range("bytes=10-19", { "If-Range": condition });
        expect([condition, reply.status]).toEqual([condition, status]);
        expect(reply.body.equals(status === 206 ? REPLY.subarray(10, 20) : REPLY)).toBe(true);
        // A condition without a range says nothing.
        expect((await get({ headers: { "If-Range": condition } })).status).toBe(200);
      }
    });

    it("comes whole to a client that takes it in pieces, as BITS does", async () => {
      const pieces: Buffer[] = [];
      const length = Number((await get({ method: "HEAD" })).header("Content-Length"));
      for (let first = 0; first < length; first += 700_001) {
        const last = Math.min(first + 700_000, length - 1);
        pieces.push((await range(`bytes=${first}-${last}`)).body);
      }
      expect(Buffer.concat(pieces).equals(REPLY)).toBe(true);
    });
  },
);

it("many may take it at once", async () => {
  const replies = await Promise.all(Array.from({ length: 8 }, async () => await fetchUrl(url)));
  for (const reply of replies) expect(reply.body.equals(REPLY)).toBe(true);
});

it("one who leaves in the middle does no harm", async () => {
  const { bench } = stage();
  for (let turn = 0; turn < 3; turn++) {
    using connection = await bench.open();
    await connection.send(`GET ${new URL(url).pathname} HTTP/1.1\r\nHost: edge\r\n\r\n`);
    connection.reset();
  }
  expect((await fetchUrl(url)).body.equals(REPLY)).toBe(true);
  using upload = await bench.begin(10, { directory: "/reply/" });
  expectReplyUrl(await upload.send(), upload);
  expectAck(await upload.close(), upload.done);
});

async function fetchFrom(door: Door, address: string, request: UrlRequest): Promise<HttpResponse> {
  return await fetchUrl(address, request, { bench: stage().bench, door });
}

/** By lower-case name, but for those of the connection. */
function fieldsOf({ headers }: HttpResponse): Record<string, string> {
  const fields = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(fields.filter(([name]) => name !== "date" && name !== "connection"));
}
