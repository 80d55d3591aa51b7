import { describe, expect, it } from "vitest";
import { formatPacketHead, type PacketOptions, ping, readAck } from "../support/bits-client.ts";
import { CREATED, expectAck, INVALID, SESSION_UNKNOWN, TOO_LARGE } from "./expect-ack.ts";
import { type Door, useBench } from "./support.ts";

const bench = useBench();
const NEVER_ISSUED = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}";

/** Fields that no BITS server reads, longer than a field of ours may be ([MC-BUP] 2.2: unknown fields are ignored). */
const OF_GATEWAYS = {
  "X-ARR-ClientCert": "MIID".padEnd(6_000, "A"),
  "X-Forwarded-Client-Cert": `Cert="${"%2B".repeat(2_000)}"`,
  "X-Any": "a".repeat(8_000),
};

describe.each<Door>(["tcp", "http"])("Over the %s door, a Fragment", (door) => {
  const verb = door === "tcp" ? "BITS_POST" : "POST";

  /** What a Fragment of 5 bytes is answered; `body` is what follows its head. */
  async function answerTo(sessionId: string, options: PacketOptions, body = "hello") {
    using connection = await bench().open(door);
    const range = { sessionId, first: 0, length: 5, total: 10 };
    const head = formatPacketHead(connection, bench().target(), "Fragment", range, { verb, ...options });
    await connection.send(head + body);
    return readAck(await connection.readResponse());
  }

  it.each<[string, PacketOptions, string?]>([
    ["no range", { headers: { "Content-Range": null } }],
    ["a range that is none", { headers: { "Content-Range": "bytes 4-0/10" } }],
    ["a range of another length", { headers: { "Content-Range": "bytes 0-5/10" } }],
    ["a coding", { headers: { "Content-Encoding": "gzip" } }],
    ["a name of 4,097 bytes", { contentName: "n".repeat(4_097) }],
    [
      "a chunked body",
      { headers: { "Content-Length": null, "Transfer-Encoding": "chunked" } },
      "5\r\nhello\r\n0\r\n\r\n",
    ],
    ["no length", { headers: { "Content-Length": null } }, ""],
    [
      "a coding, and a total beyond every upload",
      { headers: { "Content-Encoding": "gzip", "Content-Range": "bytes 0-4/99999999999999999" } },
    ],
  ])(
    "with %s, of a session that nobody knows: 400, for syntax comes first ([MC-BUP] 3.2.5.2.3)",
    async (_, options, body) => {
      for (const sessionId of [NEVER_ISSUED, "1234567"]) {
        expectAck(await answerTo(sessionId, options, body), { ...INVALID, sessionId, closes: "either" });
      }
    },
  );

  it("that keeps every rule, of a session that nobody knows: 500, even if the upload is too large", async () => {
    for (const headers of [{}, { "Content-Range": "bytes 0-4/99999999999999999" }]) {
      for (const sessionId of [NEVER_ISSUED, "1234567"]) {
        expectAck(await answerTo(sessionId, { headers }), {
          ...SESSION_UNKNOWN,
          sessionId,
          closes: "either",
        });
      }
    }
  });

  it("of a session that is known hears how far it is, and that its upload is too large (ruling 4)", async () => {
    using upload = await bench().begin(10, { door });
    const { sessionId } = upload;
    expectAck(await upload.send(0, 4), { sessionId, offset: 4 });
    const headers = { "Content-Range": "bytes 4-9/99999999999999999" };
    expectAck(await upload.send(4, 10, { headers }), { ...TOO_LARGE, sessionId, offset: 4 });
  });

  it("and every other packet may bring long fields that nobody reads", async () => {
    const headers = OF_GATEWAYS;
    using upload = await bench().begin(10, { door, packet: { headers } });
    expectAck(await upload.send(), { sessionId: upload.sessionId, offset: 10 });
    expectAck(await ping(upload.connection, upload.target, { verb, headers }), {});
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it("and every other packet with a field of BITS's of 4,097 bytes is refused (ruling 8)", async () => {
    using connection = await bench().open(door);
    const headers = { "BITS-Future": "a".repeat(4_097) };
    expectAck(await ping(connection, bench().target(), { verb, headers }), INVALID);
  });
});

describe.each<Door>(["tcp", "http"])(
  "Over the %s door, without Content-Length and Transfer-Encoding (RFC 9112 6.3; ruling 7),",
  (door) => {
    const headers = { "Content-Length": null };

    it("all packets but Fragment are empty: a whole upload", async () => {
      const verb = door === "tcp" ? "BITS_POST" : "POST";
      using upload = await bench().begin(10, { door });
      using other = await bench().open(door);
      expectAck(await ping(other, upload.target, { verb, headers }), {});
      expectAck(await upload.send(), { sessionId: upload.sessionId, offset: 10 });
      using bare = await bench().begin(10, { door, packet: { headers } });
      expectAck(await bare.cancel(), bare.done);
      const head = formatPacketHead(
        other,
        upload.target,
        "Close-Session",
        { sessionId: upload.sessionId },
        { verb, headers },
      );
      await other.send(head);
      expectAck(readAck(await other.readResponse()), upload.done);
      await bench().expectPublished(upload.target, upload.bytes);
      // What comes next on the connection is a packet of its own.
      expectAck(await ping(other, upload.target, { verb }), {});
    });

    it("… Create-Session too", async () => {
      using upload = await bench().begin(10, { door, packet: { headers } });
      expect(upload.sessionId).toEqual(CREATED.sessionId);
    });
  },
);
