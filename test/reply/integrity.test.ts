import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { contentOf, type Upload } from "../conformance/support.ts";
import { CREATED, expectAck, INVALID, SESSION_UNKNOWN } from "../conformance/expect-ack.ts";
import { createSession } from "../support/bits-client.ts";
import { complete, expectReplyUrl, uploadOf, useStage } from "./support.ts";

const stage = useStage((application) => {
  const told = { notification: "by-value", notification_url: application.url } as const;
  return {
    directories: [
      { path: "/told/", ...told },
      { path: "/ref/", ...told, notification: "by-reference" },
      { path: "/at-once/", commit_on: "last-fragment" },
      { path: "/reply/", ...told, reply: true },
    ],
  };
});

type Algorithm = "sha-256" | "sha-512";

function digestOf(bytes: Uint8Array, algorithm: Algorithm = "sha-256"): string {
  return `${algorithm}=:${createHash(algorithm.replace("-", "")).update(bytes).digest("base64")}:`;
}

/** What the origin was told of the upload's bytes, by all its PUTs and POSTs. */
function announced({ target }: Upload): (string | undefined)[] {
  const { bench, application } = stage();
  const puts = bench.commitsOf(target).map(({ headers }) => headers);
  return [...puts, ...application.of(target).map(({ headers }) => headers)].map(
    (headers) => headers["repr-digest"],
  );
}

describe("the commit's Repr-Digest is that of exactly the upload's bytes (RFC 9530 3)", () => {
  it.each(["/uploads/", "/told/", "/ref/", "/at-once/", "/reply/"])("%s", async (directory) => {
    const { bench } = stage();
    for (const size of [0, 1, 3_000_000]) {
      using upload = await bench.begin(size, { directory });
      const half = Math.floor(size / 2);
      if (half > 0) await upload.send(0, half);
      const last = await upload.send(half);
      if (directory === "/reply/") expectReplyUrl(last, upload);
      else expectAck(last, complete(upload));
      expectAck(await upload.close(), upload.done);
      expect(announced(upload)).toEqual([digestOf(upload.bytes)]);
    }
  });

  it("whatever overlapped and was sent twice (ruling 9)", async () => {
    using upload = await stage().bench.begin(30_000);
    for (const [first, end] of [
      [0, 10_000],
      [0, 10_000],
      [5_000, 12_000],
      [11_999, 25_000],
      [1, 2],
      [0, 30_000],
    ] as const)
      expect((await upload.send(first, end)).status).toBe(200);
    expectAck(await upload.close(), upload.done);
    expect(announced(upload)).toEqual([digestOf(upload.bytes)]);
  });

  it.each([["between two Fragments"], ["before Close-Session"]])("where the edge dies %s", async (moment) => {
    const { bench } = stage();
    using upload = await bench.begin(2_500_000);
    await upload.send(0, moment === "between two Fragments" ? 1_200_000 : undefined);
    await bench.edge.kill();
    await bench.edge.restart();
    using connection = await bench.open();
    expectAck(await upload.send(1_100_000, 2_500_000, { connection }), complete(upload));
    expectAck(await upload.close(connection), upload.done);
    expect(announced(upload)).toEqual([digestOf(upload.bytes)]);
    await bench.expectPublished(upload.target, upload.bytes);
  });

  it("where the connection broke inside a Fragment", async () => {
    const { bench } = stage();
    using upload = await bench.begin(2_500_000);
    using broken = await bench.open();
    await broken.send(
      `BITS_POST ${upload.target} HTTP/1.1\r\nHost: edge\r\nBITS-Packet-Type: Fragment\r\n` +
        `BITS-Session-Id: ${upload.sessionId}\r\nContent-Length: 2500000\r\n` +
        "Content-Range: bytes 0-2499999/2500000\r\n\r\n",
    );
    await broken.send(upload.bytes.subarray(0, 1_300_000));
    broken.halfClose();
    await broken.readToEnd();
    expectAck(await upload.send(1_000_000), complete(upload));
    expectAck(await upload.close(), upload.done);
    expect(announced(upload)).toEqual([digestOf(upload.bytes)]);
  });
});

/** A session whose client says `digest` on Create-Session, or on the first Fragment. */
async function announce(
  on: "Create-Session" | "Fragment",
  directory: string,
  digest: (bytes: Buffer) => string,
): Promise<Upload> {
  const { bench } = stage();
  const target = bench.target(directory);
  const bytes = contentOf(20_000, target);
  const headers = { "Repr-Digest": digest(bytes) };
  const connection = await bench.open();
  const ack = await createSession(connection, target, on === "Create-Session" ? { headers } : {});
  expectAck(ack, CREATED);
  const upload = uploadOf({ ack, target, bytes }, connection);
  const first = await upload.send(0, 10_000, on === "Fragment" ? { headers } : {});
  expectAck(first, { sessionId: upload.sessionId, offset: 10_000 });
  return upload;
}

describe("a client that says the upload's digest", () => {
  const WRONG = digestOf(Buffer.from("another file"));

  describe.each(["Create-Session", "Fragment"] as const)("on %s", (on) => {
    it.each<[string, (bytes: Buffer) => string]>([
      ["is right", (bytes) => digestOf(bytes)],
      ["is right, beside others", (bytes) => `unixsum=:AAA=:, ${digestOf(bytes)}`],
      ["has an algorithm that the edge does not know", () => "id-crc32c=:AAAAAA==:"],
      ["is malformed", () => "sha-256=AAAA"],
      ["is of another length than the algorithm's", () => "sha-256=:AAAA:"],
      ["is empty", () => ""],
    ])("%s: the upload is committed", async (_, digest) => {
      using upload = await announce(on, "/uploads/", digest);
      expectAck(await upload.send(10_000), complete(upload));
      expectAck(await upload.close(), upload.done);
      await stage().bench.expectPublished(upload.target, upload.bytes);
    });

    it("is wrong: Close-Session gets 400 + 0x80070057, and nothing reaches the origin", async () => {
      using upload = await announce(on, "/uploads/", () => WRONG);
      expectAck(await upload.send(10_000), complete(upload));
      for (let turn = 0; turn < 2; turn++) expectAck(await upload.close(), { ...INVALID, ...upload.done });
      expect(announced(upload)).toEqual([]);
      // What came was not what was sent, so the client has to start over.
      expectAck(await upload.send(), { ...SESSION_UNKNOWN, ...upload.done });
      expectAck(await upload.cancel(), upload.done);
    });

    it.each(["/at-once/", "/reply/"])("is wrong: %s: the last Fragment gets it", async (directory) => {
      using upload = await announce(on, directory, () => WRONG);
      expectAck(await upload.send(10_000), { ...complete(upload), ...INVALID });
      expectAck(await upload.send(10_000), { ...SESSION_UNKNOWN, ...upload.done });
      expectAck(await upload.close(), { ...INVALID, ...upload.done });
      expect(announced(upload)).toEqual([]);
    });
  });

  it("is held to it after the edge's death, too", async () => {
    const { bench } = stage();
    using wrong = await announce("Create-Session", "/uploads/", () => WRONG);
    using right = await announce("Create-Session", "/uploads/", (bytes) => digestOf(bytes));
    await bench.edge.kill();
    await bench.edge.restart();
    using connection = await bench.open();
    for (const upload of [wrong, right])
      expectAck(await upload.send(10_000, 20_000, { connection }), complete(upload));
    expectAck(await wrong.close(connection), { ...INVALID, ...wrong.done });
    expectAck(await right.close(connection), right.done);
  });
});

describe.each(["tcp", "http"] as const)(
  "Content-Digest of a Fragment, over the %s door (RFC 9530 2)",
  (door) => {
    it.each(["sha-256", "sha-512"] as const)("%s, right: 200", async (algorithm) => {
      using upload = await stage().bench.begin(2_300_000, { door });
      for (const [first, end] of [
        [0, 1_100_000],
        [1_100_000, 2_300_000],
      ] as const) {
        const headers = { "Content-Digest": digestOf(upload.bytes.subarray(first, end), algorithm) };
        expectAck(await upload.send(first, end, { headers }), { sessionId: upload.sessionId, offset: end });
      }
      expectAck(await upload.close(), upload.done);
      expect(announced(upload)).toEqual([digestOf(upload.bytes)]);
    });

    it.each(["sha-256", "sha-512"] as const)(
      "%s, wrong: 400, and nothing of the Fragment stays",
      async (algorithm) => {
        const { bench } = stage();
        using upload = await bench.begin(5_000_000, { door });
        await upload.send(0, 1_500_000);
        const headers = { "Content-Digest": digestOf(Buffer.from("something else"), algorithm) };
        const refused = { ...INVALID, sessionId: upload.sessionId, offset: 1_500_000 };
        // In a place of its own, overlapping what is there, and over all that is there.
        for (const first of [1_500_000, 1_000_000, 0])
          expectAck(await upload.send(first, 4_000_000, { headers }), refused);
        expectAck(await upload.send(0, 1_500_000, { headers }), refused);
        const right = { "Content-Digest": digestOf(upload.bytes.subarray(1_500_000), algorithm) };
        expectAck(await upload.send(1_500_000, 5_000_000, { headers: right }), complete(upload));
        expectAck(await upload.close(), upload.done);
        expect(announced(upload)).toEqual([digestOf(upload.bytes)]);
        await bench.expectPublished(upload.target, upload.bytes);
      },
    );

    it("wrong on the only Fragment: nothing is committed, and right again it is", async () => {
      const { bench } = stage();
      using upload = await bench.begin(1_000, { door, directory: "/at-once/" });
      const headers = { "Content-Digest": digestOf(Buffer.from("something else")) };
      for (let turn = 0; turn < 2; turn++)
        expectAck(await upload.send(0, 1_000, { headers }), {
          ...INVALID,
          sessionId: upload.sessionId,
          offset: 0,
        });
      expect(announced(upload)).toEqual([]);
      expectAck(await upload.send(), complete(upload));
      await bench.expectPublished(upload.target, upload.bytes);
    });

    it("covers the bytes as they were sent, those that are skipped too (ruling 9)", async () => {
      using upload = await stage().bench.begin(3_000, { door });
      await upload.send(0, 2_000);
      const headers = { "Content-Digest": digestOf(upload.bytes.subarray(1_000)) };
      expectAck(await upload.send(1_000, 3_000, { headers }), complete(upload));
      // A duplicate whose digest is right says nothing new.
      const first = { "Content-Digest": digestOf(upload.bytes.subarray(0, 500)) };
      expectAck(await upload.send(0, 500, { headers: first }), complete(upload));
      expectAck(await upload.close(), upload.done);
    });

    it.each([
      ["md5=:AAAAAAAAAAAAAAAAAAAAAA==:", "an algorithm that is broken"],
      ["future-1=:AAAA:", "one that nobody knows"],
      ["sha-256=AAAA", "no byte sequence"],
      ["nonsense", "no dictionary"],
      ["", "nothing"],
    ])("%j, %s: ignored", async (value) => {
      using upload = await stage().bench.begin(1_000, { door });
      expectAck(await upload.send(0, 1_000, { headers: { "Content-Digest": value } }), complete(upload));
      expectAck(await upload.close(), upload.done);
    });

    it("an empty Fragment has one, too (ruling 11)", async () => {
      using upload = await stage().bench.begin(0, { door });
      const wrong = { "Content-Digest": digestOf(Buffer.from("x")) };
      expectAck(await upload.send(0, 0, { headers: wrong }), {
        ...INVALID,
        sessionId: upload.sessionId,
        offset: 0,
      });
      const right = { "Content-Digest": digestOf(Buffer.alloc(0)) };
      expectAck(await upload.send(0, 0, { headers: right }), complete(upload));
      expectAck(await upload.close(), upload.done);
    });
  },
);
