import { describe, expect, it } from "vitest";
import {
  type Ack,
  cancelSession,
  closeSession,
  createSession,
  formatPacketHead,
  fragment,
  type PacketOptions,
  ping,
  readAck,
} from "../support/bits-client.ts";
import type { RawConnection } from "../support/raw-connection.ts";
import { CREATED, expectAck, INVALID } from "./expect-ack.ts";
import { type Door, useBench } from "./support.ts";

const bench = useBench();

type Send = (connection: RawConnection, target: string, id: string, options?: PacketOptions) => Promise<Ack>;

const sendFragment: Send = (connection, target, sessionId, options) =>
  fragment(connection, target, { sessionId, first: 0, total: 10, bytes: "0123456789" }, options);

const ENDS_OF_A_SESSION = [
  ["Close-Session", closeSession],
  ["Cancel-Session", cancelSession],
] as const satisfies readonly (readonly [string, Send])[];

describe("A body where none may be ([MC-BUP] 2.2.2.3, 2.2.4.3, 2.2.8.3, 2.2.10; ruling 7)", () => {
  it.each<[string, Send]>([
    [
      "Create-Session",
      (connection, target, id, options) =>
        createSession(connection, target, {
          ...options,
          headers: { ...options?.headers, "BITS-Session-Id": id },
        }),
    ],
    ["Close-Session", closeSession],
    ["Cancel-Session", cancelSession],
  ])("of %s: 400, the connection ends, what was sent is not taken for a packet", async (_, send) => {
    using upload = await bench().begin(10);
    const { connection, sessionId, target } = upload;
    expectAck(await upload.send(), { sessionId, offset: 10 });
    const body = formatPacketHead(connection, target, "Cancel-Session", { sessionId });
    expectAck(await send(connection, target, sessionId, { body }), { ...INVALID, sessionId, closes: true });
    await connection.waitForEnd();
    expect(connection.surplusBytes).toBe(0);

    using another = await bench().open();
    expectAck(await upload.close(another), upload.done);
    await bench().expectPublished(target, upload.bytes);
  });

  it.each(ENDS_OF_A_SESSION)("chunked, of %s: 400, the session is as it was", async (_, send) => {
    using upload = await bench().beginWhole(10);
    const { connection, sessionId, target } = upload;
    const headers = { "Content-Length": null, "Transfer-Encoding": "chunked" };
    const answered = send(connection, target, sessionId, { headers });
    await connection.send("0\r\n\r\n");
    expectAck(await answered, { ...INVALID, sessionId });
    expectAck(await upload.close(), upload.done);
  });
});

describe("Acks", () => {
  it.each([
    [200, "OK", "/uploads/reason.bin", {}],
    [400, "Bad Request", "/uploads/", {}],
    [501, "Not Implemented", "/nowhere/a.bin", {}],
    [
      500,
      "Internal Server Error",
      "/uploads/a.bin",
      { "BITS-Packet-Type": "Close-Session", "BITS-Session-Id": "?" },
    ],
  ])("of status %d say %s and the time (ruling 5)", async (status, reason, target, headers) => {
    using connection = await bench().open();
    const { response } = await createSession(connection, target, { headers });
    expect([response.version, response.status, response.reason]).toEqual(["HTTP/1.1", status, reason]);
    expect(Math.abs(Date.parse(response.header("Date") ?? "") - Date.now())).toBeLessThan(5_000);
  });

  it("answer packets that a client sent in one write, in their order (RFC 9112 9.3.2)", async () => {
    using upload = await bench().begin(30);
    const { connection, sessionId, target } = upload;
    const head = (first: number): string =>
      formatPacketHead(connection, target, "Fragment", { sessionId, first, length: 10, total: 30 });
    const packets = [0, 10, 20].flatMap((at) => [Buffer.from(head(at)), upload.bytes.subarray(at, at + 10)]);
    const pings = formatPacketHead(connection, target, "Ping", {});
    const close = formatPacketHead(connection, target, "Close-Session", { sessionId });
    await connection.send(Buffer.concat([Buffer.from(pings), ...packets, Buffer.from(pings + close)]));
    const expected = [
      {},
      { sessionId, offset: 10 },
      { sessionId, offset: 20 },
      { sessionId, offset: 30 },
      {},
    ];
    for (const ack of [...expected, { sessionId }]) expectAck(readAck(await connection.readResponse()), ack);
    expect(connection.surplusBytes).toBe(0);
    await bench().expectPublished(target, upload.bytes);
  });

  it("do not depend on the pieces in which a packet arrives", async () => {
    using upload = await bench().begin(10);
    const { connection, sessionId, target } = upload;
    const head = formatPacketHead(connection, target, "Fragment", { sessionId, first: 0, length: 10 });
    for (const byte of Buffer.concat([Buffer.from(head), upload.bytes]))
      await connection.send(Buffer.of(byte));
    expectAck(readAck(await connection.readResponse()), { sessionId, offset: 10 });
  });

  it("come for the absolute form of the target, whatever Host says ([MC-BUP] 2.2.1; Win32, Create-Session)", async () => {
    using connection = await bench().open();
    const target = bench().target();
    const absolute = `http://uploads.example${target}`;
    const { sessionId = "" } = expectAck(await createSession(connection, absolute), CREATED);
    expectAck(await sendFragment(connection, target, sessionId), { sessionId, offset: 10 });
    expectAck(await closeSession(connection, absolute, sessionId), { sessionId });
    const [commit] = bench().commitsOf(target);
    expect(commit?.headers["bits-original-request-url"]).toMatch(new RegExp(`^http://[^/]+${target}$`));
  });

  it("are not given to what is no HTTP: plain errors end the connection ([MC-BUP] 3.2.5.2.1)", async () => {
    using connection = await bench().open();
    const { response } = await ping(connection, bench().target(), {
      headers: { "Content-Length": ["0", "0"] },
    });
    expect([response.status, response.body.length, response.header("Connection")]).toEqual([400, 0, "close"]);
    await connection.waitForEnd();
  });
});

describe.each<[Door, PacketOptions]>([
  ["tcp", { verb: "BITS_POST" }],
  ["tcp", { verb: "POST" }],
  ["http", { verb: "POST" }],
  ["http", { verb: "POST+override" }],
  ["http", { verb: "POST", headers: { "x-http-method-override": "bits_post" } }],
])("An upload over the %s door with %j", (door, packet) => {
  it("is the same upload", async () => {
    using upload = await bench().beginWhole(3_000_000, { door, packet });
    expectAck(await ping(upload.connection, upload.target, packet), {});
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
    const sent = bench().commitsOf(upload.target)[0]?.headers;
    expect(sent?.["x-http-method-override"]).toBeUndefined();
  });
});
