import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSession } from "../support/bits-client.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import type { HttpResponse } from "../support/http-response.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { type ConnectionOptions, RawConnection } from "../support/raw-connection.ts";
import { Gateway } from "./gateway.ts";
import { CLIENT_ADDRESS, doorOf, PEERS } from "./peers.ts";

const FILE = "0123456789";
/** Where the edge expects an announcement of its proxies, a client that is none has to come from elsewhere. */
const NOBODYS_PROXY = { localAddress: CLIENT_ADDRESS };

describe.each(PEERS)("$name answers as the edge does", (peer) => {
  let origin: LegacyOrigin;
  let edge: Edge;
  let gateway: Gateway;
  beforeAll(async () => {
    origin = await startLegacyOrigin();
    await fetch(`${origin.url}/reply.bin`, { method: "PUT", body: FILE });
    edge = await startEdge({
      vars: {
        ORIGIN_URL: origin.url,
        UPLOAD_DIRECTORIES: [{ path: "/uploads/" }, { path: "/closed/", enabled: false }],
        MAXIMUM_FRAGMENT_BYTES: 1000,
        ...peer.vars,
      },
    });
    gateway = await Gateway.start(peer.start, doorOf(peer, edge));
  });
  afterAll(async () => {
    await gateway.stop();
    await edge.stop();
    await origin.close();
  });

  test.each<[string, (sessionId: string) => string]>([
    ["Ping", () => packet("Ping", "Content-Length: 0", "", "")],
    ["an unknown packet", () => packet("Pong", "Content-Length: 0", "", "")],
    [
      "uploads not enabled",
      () => packet("Ping", "Content-Length: 0", "", "").replace("/uploads/", "/closed/"),
    ],
    [
      "no protocol in common",
      () => packet("Create-Session", "Content-Length: 0", "BITS-Supported-Protocols: {0}", "", ""),
    ],
    [
      "an unknown session",
      () =>
        packet(
          "Close-Session",
          "BITS-Session-Id: {7DF0354D-249B-430F-820D-3D2A9BEF4931}",
          "Content-Length: 0",
          "",
          "",
        ),
    ],
    [
      "a gap",
      (id) =>
        packet(
          "Fragment",
          `BITS-Session-Id: ${id}`,
          "Content-Range: bytes 1-1/2",
          "Content-Length: 1",
          "",
          "x",
        ),
    ],
    [
      "a Fragment that is too large",
      (id) =>
        packet(
          "Fragment",
          `BITS-Session-Id: ${id}`,
          "Content-Range: bytes 0-1000/2000",
          "Content-Length: 1001",
          "",
          "x".repeat(1001),
        ),
    ],
    [
      "a header that is too long",
      (id) => packet("Fragment", `BITS-Session-Id: ${id}${"x".repeat(4097)}`, "Content-Length: 0", "", ""),
    ],
    [
      "a range that is none",
      (id) =>
        packet("Fragment", `BITS-Session-Id: ${id}`, "Content-Range: bytes x", "Content-Length: 1", "", "x"),
    ],
  ])("%s", async (__, text) => {
    using connection = await RawConnection.open("127.0.0.1", edge.tcpPort, NOBODYS_PROXY);
    const { sessionId = "" } = await createSession(connection, "/uploads/x.bin", {
      headers: { Host: "bits.example.com" },
    });
    const [direct, through] = [
      await say(edge.tcpPort, text(sessionId), NOBODYS_PROXY),
      await say(gateway.httpPort, text(sessionId)),
    ];
    expect(ackOf(through)).toEqual(ackOf(direct));
    expect(through.header("BITS-Packet-Type")).toBe("Ack");
  });

  test("a chunked Fragment is refused, and nothing of it is stored", async () => {
    using connection = await RawConnection.open("127.0.0.1", edge.tcpPort, NOBODYS_PROXY);
    const { sessionId = "" } = await createSession(connection, "/uploads/chunked.bin", {
      headers: { Host: "bits.example.com" },
    });
    const fragment = ["BITS-Session-Id: " + sessionId, "Content-Range: bytes 0-2/3"];
    const text = packet("Fragment", ...fragment, "Transfer-Encoding: chunked", "", "3\r\nabc\r\n0\r\n\r\n");
    const chunked = text.replace("x.bin", "chunked.bin");
    const [direct, through] = [
      ackOf(await say(edge.tcpPort, chunked, NOBODYS_PROXY)),
      ackOf(await say(gateway.httpPort, chunked)),
    ];
    expect(through).toMatchObject({
      status: 400,
      "bits-packet-type": "Ack",
      "bits-error-code": "0x80070057",
    });
    // nginx refuses by itself and cannot know what is stored; HAProxy lets the edge refuse.
    expect(direct).toMatchObject(through);
    expect(direct).toMatchObject({ "bits-received-content-range": "0" });
  });

  test.each([
    ["GET", [], 200, FILE],
    ["HEAD", [], 200, ""],
    ["GET", ["Range: bytes=2-5"], 206, "2345"],
    ["GET", ["Range: bytes=99-"], 416, ""],
  ])("%s %j of a file at the origin", async (method, headers, status, body) => {
    const text = [
      `${method} /reply.bin HTTP/1.1`,
      "Host: bits.example.com",
      "Accept-Encoding: gzip",
      ...headers,
      "",
      "",
    ].join("\r\n");
    const [direct, through] = [
      await say(edge.tcpPort, text, NOBODYS_PROXY),
      await say(gateway.httpPort, text),
    ];
    expect({ status: through.status, body: through.body.toString() }).toEqual({ status, body });
    for (const name of [
      "Content-Length",
      "Content-Range",
      "ETag",
      "Last-Modified",
      "Accept-Ranges",
      "Content-Encoding",
    ]) {
      expect([name, through.header(name)]).toEqual([name, direct.header(name)]);
    }
  });

  test("one connection carries one packet after another, and stays", async () => {
    using connection = await RawConnection.open("127.0.0.1", gateway.httpPort);
    for (let count = 0; count < 20; count++) {
      await connection.send(packet("Ping", "Content-Length: 0", "", ""));
      expect((await connection.readResponse()).status).toBe(200);
    }
    expect(connection.ended).toBe(false);
  });
});

/** One request on a connection of its own. */
async function say(port: number, requestText: string, options?: ConnectionOptions): Promise<HttpResponse> {
  using connection = await RawConnection.open("127.0.0.1", port, options);
  await connection.send(requestText);
  return await connection.readResponse({ toHead: requestText.startsWith("HEAD") });
}

function packet(type: string, ...more: string[]): string {
  const head = ["BITS_POST /uploads/x.bin HTTP/1.1", "Host: bits.example.com", `BITS-Packet-Type: ${type}`];
  return [...head, ...more].join("\r\n");
}

/** What a BITS client reads of an answer; two sessions are never the same. */
function ackOf({ status, headers }: HttpResponse): Record<string, string | number> {
  const ack: Record<string, string | number> = { status };
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    if (/^(bits-.*|content-length|content-type|pragma)$/.test(name)) ack[name] = value;
    if (name === "bits-session-id") ack[name] = "echoed";
  }
  return ack;
}
