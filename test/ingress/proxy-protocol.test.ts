import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { binaryHeader } from "../support/proxy-header.ts";
import { type Door, startDoor } from "./support/start-door.ts";

const ARRIVAL = "GET /arrival HTTP/1.1\r\nHost: edge.example\r\n\r\n";
const LINE = "PROXY TCP4 198.51.100.7 192.0.2.1 51234 80\r\n";

/** The address that the app was told, or the status where it was told nothing. */
async function told(door: Door, ...pieces: (string | Uint8Array)[]): Promise<unknown> {
  using connection = await door.connect();
  for (const piece of pieces) await connection.send(piece);
  const { status, body } = await connection.readResponse();
  if (status !== 200) return status;
  return (JSON.parse(body.toString()) as { arrival: { clientAddress: string } }).arrival.clientAddress;
}

describe("a proxy that announces its clients (proxy-protocol.txt)", () => {
  let door: Door;
  beforeAll(async () => {
    door = await startDoor({ proxies: ["127.0.0.1"], connectionsPerClient: 2, proxyHeaderTimeoutSeconds: 1 });
  });
  afterAll(() => door.stop());

  test.each([
    ["a line", LINE, "198.51.100.7"],
    ["a binary header", binaryHeader(), "198.51.100.7"],
    [
      "the proxy's own health check",
      binaryHeader({ command: 0x20, family: 0, block: Buffer.alloc(0) }),
      "127.0.0.1",
    ],
    ["somebody whom it cannot name", "PROXY UNKNOWN\r\n", null],
  ])(
    "%s says whose the connection is, in one segment with the request or in pieces",
    async (_, header, expected) => {
      const bytes = Buffer.concat([Buffer.from(header), Buffer.from(ARRIVAL)]);
      expect(await told(door, bytes)).toBe(expected);
      expect(await told(door, header, ARRIVAL)).toBe(expected);
      expect(await told(door, ...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(expected);
    },
  );

  test("the header is of the connection: requests after the first are the same client's", async () => {
    using connection = await door.connect();
    await connection.send(LINE);
    for (let count = 0; count < 3; count++) {
      await connection.send(ARRIVAL);
      expect((await connection.readResponse()).body.toString()).toContain('"clientAddress":"198.51.100.7"');
    }
    await connection.send(LINE + ARRIVAL);
    expect((await connection.readResponse()).status).toBe(400);
  });

  test("connections are counted for the client, not for the proxy", async () => {
    const open = [await door.connect(), await door.connect()];
    for (const connection of open) {
      await connection.send(LINE + ARRIVAL);
      expect((await connection.readResponse()).status).toBe(200);
    }
    expect(await told(door, LINE, ARRIVAL)).toBe(503);
    expect(await told(door, LINE.replace(".7 ", ".8 "), ARRIVAL)).toBe("198.51.100.8");
    for (const connection of open) connection.destroy();
    await eventually(async () => expect(await told(door, LINE, ARRIVAL)).toBe("198.51.100.7"));
  });

  test.each([
    ["a request without a header", ARRIVAL, /does not begin with a header/],
    ["a line that is none", LINE.replace("TCP4", "TCP5"), /PROXY line/],
    ["a binary header that is none", binaryHeader({ command: 0x2f }), /version 2/],
  ])("%s is refused, and said in the log", async (_, bytes, reason) => {
    const before = door.events("proxy-header-refused").length;
    using connection = await door.connect();
    await connection.send(bytes);
    expect((await connection.readResponse()).status).toBe(400);
    expect((await connection.readToEnd()).byteLength).toBe(0);
    await eventually(() => expect(door.events("proxy-header-refused")).toHaveLength(before + 1));
    const line = { peer: "127.0.0.1", reason: expect.stringMatching(reason) as unknown };
    expect(door.events("proxy-header-refused").at(-1)).toMatchObject(line);
  });

  test.each(["", LINE.slice(0, 9)])("%j and no more has a time limit", async (beginning) => {
    using connection = await door.connect();
    if (beginning !== "") await connection.send(beginning);
    expect((await connection.readResponse()).status).toBe(408);
    await connection.readToEnd();
  });

  test("a proxy that only looks whether somebody listens gets no line in the log", async () => {
    const before = door.events("proxy-header-refused").length;
    const connection = await door.connect();
    connection.halfClose();
    expect((await connection.readToEnd()).byteLength).toBe(0);
    expect(door.events("proxy-header-refused")).toHaveLength(before);
  });
});

describe("anybody else", () => {
  let door: Door;
  beforeAll(async () => {
    door = await startDoor({ proxies: ["192.0.2.1"] });
  });
  afterAll(() => door.stop());

  test.each([
    ["a line", LINE],
    ["a binary header", binaryHeader()],
  ])("is not believed, whatever it says of itself: %s is 400", async (_, header) => {
    expect(await told(door, header, ARRIVAL)).toBe(400);
    expect(await told(door, Buffer.concat([Buffer.from(header), Buffer.from(ARRIVAL)]))).toBe(400);
    expect(door.events("proxy-header-refused")).toEqual([]);
  });

  test("is served as ever", async () => {
    expect(await told(door, ARRIVAL)).toBe("127.0.0.1");
  });
});
