import { describe, expect, it } from "vitest";
import { formatPacketHead, type PacketOptions, ping, readAck } from "../support/bits-client.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";
import { uploadFile } from "../support/upload-file.ts";
import { expectAck, GAP, INVALID, SEND_LESS, TOO_LARGE } from "./expect-ack.ts";
import { contentOf, type Door, sha256, useBench } from "./support.ts";

const bench = useBench();

describe.each<Door>(["tcp", "http"])("Fragments over the %s door ([MC-BUP] 2.2.6)", (door) => {
  /** Rows: first byte, end, and the offset that the Ack has to give. */
  it.each<[string, readonly (readonly [number, number, number])[]]>([
    ["one that is everything ([MC-BUP] 4.1)", [[0, 100, 100]]],
    [
      "one after the other ([MC-BUP] 3.1.5.1.4)",
      [
        [0, 30, 30],
        [30, 31, 31],
        [31, 100, 100],
      ],
    ],
    [
      "a duplicate (ruling 9)",
      [
        [0, 30, 30],
        [0, 30, 30],
        [30, 100, 100],
      ],
    ],
    [
      "an overlap (Win32, Fragment; ruling 9)",
      [
        [0, 30, 30],
        [20, 60, 60],
        [59, 100, 100],
      ],
    ],
    [
      "a superset of what is there (ruling 9)",
      [
        [0, 30, 30],
        [0, 100, 100],
      ],
    ],
    [
      "subsets of what is there (ruling 9)",
      [
        [0, 60, 60],
        [0, 1, 60],
        [20, 40, 60],
        [59, 60, 60],
        [60, 100, 100],
      ],
    ],
    [
      "the last one twice ([MC-BUP] 3.2.5.1.2; ruling 9)",
      [
        [0, 60, 60],
        [60, 100, 100],
        [60, 100, 100],
      ],
    ],
    [
      "all of it again when it is complete (ruling 9)",
      [
        [0, 100, 100],
        [0, 100, 100],
        [99, 100, 100],
      ],
    ],
  ])("%s", async (_, rows) => {
    using upload = await bench().begin(100, { door });
    const { sessionId } = upload;
    for (const [first, end, offset] of rows) expectAck(await upload.send(first, end), { sessionId, offset });
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it.each([1, 31, 99])(
    "a gap before byte %d: 416, the offset, no code ([MC-BUP] 3.2.5.2.6; ruling 9)",
    async (first) => {
      using upload = await bench().begin(100, { door });
      const { sessionId } = upload;
      const offset = first === 1 ? 0 : 30;
      if (offset > 0) expectAck(await upload.send(0, offset), { sessionId, offset });
      expectAck(await upload.send(first), { ...GAP, sessionId, offset });
      expectAck(await upload.send(first, first + 1), { ...GAP, sessionId, offset });
      expectAck(await upload.send(offset), { sessionId, offset: 100 });
      expectAck(await upload.close(), upload.done);
      await bench().expectPublished(upload.target, upload.bytes);
    },
  );

  it("keeps the bytes that came first where a repetition brings others (ruling 9)", async () => {
    using upload = await bench().begin(contentOf(100, "first"), { door });
    const { sessionId } = upload;
    expectAck(await upload.send(0, 50), { sessionId, offset: 50 });
    const first = Buffer.from(upload.bytes);
    contentOf(100, "second").copy(upload.bytes);
    expectAck(await upload.send(20, 100), { sessionId, offset: 100 });
    expectAck(await upload.close(), upload.done);
    const stored = Buffer.concat([first.subarray(0, 50), upload.bytes.subarray(50)]);
    await bench().expectPublished(upload.target, stored);
  });

  it("a byte more than the directory takes: refused at the first Fragment (ruling 10)", async () => {
    using upload = await bench().begin(1_001, { door, directory: "/small/" });
    const { sessionId } = upload;
    expectAck(await upload.send(0, 500), { ...TOO_LARGE, sessionId, offset: 0 });
    using fitting = await bench().begin(1_000, { door, directory: "/small/" });
    expectAck(await fitting.send(), { sessionId: fitting.sessionId, offset: 1_000 });
  });

  it.each<[string, PacketOptions]>([
    ["a header value of 4,097 bytes (ruling 8)", { headers: { "BITS-Future": "a".repeat(4_097) } }],
    ["a coding ([MC-BUP] 6, note 12)", { headers: { "Content-Encoding": "gzip" } }],
    ["two codings", { headers: { "Content-Encoding": ["identity", "identity"] } }],
  ])("with %s: 400, and the offset (ruling 4)", async (_, options) => {
    using upload = await bench().begin(10, { door });
    const { sessionId } = upload;
    expectAck(await upload.send(0, 4), { sessionId, offset: 4 });
    expectAck(await upload.send(4, 10, options), { ...INVALID, sessionId, offset: 4 });
    expectAck(await upload.send(4, 10), { sessionId, offset: 10 });
  });

  it.each<[string, PacketOptions]>([
    ["the type in capitals (ruling 6)", { headers: { "BITS-Packet-Type": "FRAGMENT" } }],
    ["the coding that is none (Win32, Fragment)", { headers: { "Content-Encoding": "Identity" } }],
    ["no Content-Name (Win32, Fragment)", { headers: { "Content-Name": null } }],
    ["a header value of 4,096 bytes (ruling 8)", { headers: { "X-Long": "a".repeat(4_096) } }],
  ])("with %s is taken", async (_, options) => {
    using upload = await bench().begin(10, { door });
    expectAck(await upload.send(0, 10, options), { sessionId: upload.sessionId, offset: 10 });
  });

  it("chunked: 400, the offset, and the connection goes on (ruling 7)", async () => {
    using upload = await bench().begin(10, { door });
    const { sessionId, connection, target } = upload;
    const headers = {
      "Content-Length": null,
      "Transfer-Encoding": "chunked",
      "Content-Range": "bytes 0-9/10",
    };
    const verb = door === "tcp" ? "BITS_POST" : "POST";
    const head = formatPacketHead(
      connection,
      target,
      "Fragment",
      { sessionId, first: 0, length: 10 },
      { verb, headers },
    );
    await connection.send(`${head}a\r\n0123456789\r\n0\r\n\r\n`);
    const ack = readAck(await connection.readResponse());
    expectAck(ack, { ...INVALID, sessionId, offset: 0 });
    expectAck(await ping(connection, target, { verb }), {});
  });
});

describe("Fragment", () => {
  it("without Content-Length: 400, the offset ([MC-BUP] 3.2.5.2.3, 6 note 23; ruling 7)", async () => {
    using upload = await bench().begin(10);
    const { sessionId } = upload;
    const headers = { "Content-Length": null, "Content-Range": "bytes 0-9/10" };
    expectAck(await upload.send(0, 0, { headers }), { ...INVALID, sessionId, offset: 0 });
  });

  it("over the largest request: 413 and the offset before its body has come ([MC-BUP] 3.1.5.2.4; ruling 10)", async () => {
    using upload = await bench().begin(10);
    const { connection, sessionId, target } = upload;
    const length = 64 * 1024 * 1024 + 1;
    await connection.send(
      formatPacketHead(connection, target, "Fragment", { sessionId, first: 0, length, total: length }),
    );
    expectAck(readAck(await connection.readResponse()), { ...SEND_LESS, sessionId, offset: 0, closes: true });
  });
});

describe.each<Door>(["tcp", "http"])(
  "Fragments at an edge that takes 64 KiB, over the %s door (ruling 10)",
  (door) => {
    const small = useBench({ vars: { MAXIMUM_FRAGMENT_BYTES: 65_536 } });

    it("of 64 KiB are taken, of a byte more are answered 413 with the offset", async () => {
      using upload = await small().begin(200_000, { door });
      const { sessionId } = upload;
      expectAck(await upload.send(0, 65_536), { sessionId, offset: 65_536 });
      expectAck(await upload.send(65_536, 131_073), { ...SEND_LESS, sessionId, offset: 65_536 });
      expectAck(await upload.send(65_536, 131_072), { sessionId, offset: 131_072 });
    });

    it("become smaller until they fit, as Windows makes them ([MC-BUP] 3.1.5.1.7, 6 note 16)", async () => {
      const source = patternSource(1_500_000);
      const target = small().target();
      const { edge } = small();
      const url = door === "tcp" ? edge.tcpUrl : edge.httpUrl;
      const verb = door === "tcp" ? "BITS_POST" : "POST";
      const report = await uploadFile(source, url + target, { fragmentBytes: 1 << 20, verb });
      expect(report.fragments).toBe(4 + Math.ceil(1_500_000 / 65_536));
      expect(sha256((await small().published(target)) ?? Buffer.alloc(0))).toBe(await sha256Of(source));
    });
  },
);
