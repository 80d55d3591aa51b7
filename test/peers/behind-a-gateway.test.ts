import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { RawOrigin } from "../proxy/raw-origin.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import type { HttpResponse } from "../support/http-response.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { Gateway } from "./gateway.ts";
import { CLIENT_ADDRESS, doorOf, PEERS } from "./peers.ts";

const GZIP = gzipSync("the bytes as they are").toString("latin1");
const DONE = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
/** More than a gateway waits for before it asks the edge. */
const SENT_BYTES = 300_000;
const PATIENCE = { timeout: 20_000, interval: 20 };

describe.each(PEERS)("What is not BITS, through $name, which the edge trusts", (peer) => {
  let origin: RawOrigin;
  let edge: Edge;
  let gateway: Gateway;
  beforeAll(async () => {
    origin = await RawOrigin.start();
    edge = await startEdge({
      vars: {
        ORIGIN_URL: origin.url,
        UPLOAD_DIRECTORIES: [{ path: "/uploads/" }],
        TRUSTED_PROXIES: ["127.0.0.1/32"],
        ...peer.vars,
      },
    });
    gateway = await Gateway.start(peer.start, doorOf(peer, edge));
  });
  afterAll(async () => {
    await gateway.stop();
    await edge.stop();
    await origin[Symbol.asyncDispose]();
  });

  async function ask(...lines: string[]): Promise<HttpResponse> {
    // A client with the gateway's own address would be a gateway.
    const from = { localAddress: CLIENT_ADDRESS };
    using connection = await RawConnection.open("127.0.0.1", gateway.httpPort, from);
    await connection.send([...lines, "", ""].join("\r\n"));
    return await connection.readResponse();
  }

  test("the origin is told whom the gateway saw, and nothing that a client made up", async () => {
    origin.answer = () => DONE;
    const forged = [
      "X-Forwarded-Port",
      "X_Forwarded_For",
      "X-Original-URL",
      "Forwarded",
      "Idempotency-Key",
      "X-HTTP-Method",
    ];
    const lines = forged.map((name) => `${name}: 666`);
    const head = ["GET /told HTTP/1.1", "Host: bits.example.com"];
    const named = await ask(...head, "Connection: close, X-Forwarded-For", ...lines);
    // Varnish refuses a Connection that names a field of its own.
    if (named.status !== 200) expect([named.status, origin.to("/told").length]).toEqual([400, 0]);
    if (named.status !== 200) await ask(...head, "Connection: close", ...lines);
    const { values } = origin.to("/told")[0] ?? { values: () => [] };
    expect(values("X-Forwarded-For")).toEqual([CLIENT_ADDRESS]);
    expect(values("X-Forwarded-Host")).toEqual(["bits.example.com"]);
    expect(values("X-Forwarded-Proto")).toEqual(["http"]);
    expect(values("Via").at(-1)).toMatch(/1\.1 bits-edge$/);
    expect(forged.filter((name) => values(name).length > 0)).toEqual([]);
  });

  test("CONNECT is refused", async () => {
    using connection = await RawConnection.open("127.0.0.1", gateway.httpPort);
    await connection.send("CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n");
    expect([400, 405]).toContain((await connection.readResponse()).status);
  });

  test.each(["h\\admin", "h/admin", "u@h", "h?x"])(
    "a Host that moves the path is refused: %s",
    async (host) => {
      origin.answer = () => DONE;
      const before = origin.requests.length;
      const { status } = await ask("GET /users.aspx HTTP/1.1", `Host: ${host}`, "Connection: close");
      expect([status, origin.requests.length]).toEqual([400, before]);
    },
  );

  test.each(["/a%2fb", "/..%252f", "/a%EF%BC%8Fb"])(
    "a path that could be read in two ways is refused: %s",
    async (path) => {
      expect((await ask(`GET ${path} HTTP/1.1`, "Host: a", "Connection: close")).status).toBe(400);
    },
  );

  test("encoded bytes come as the origin sent them", async () => {
    const head = [
      "HTTP/1.1 200 OK",
      "Content-Encoding: gzip",
      `Content-Length: ${GZIP.length}`,
      'ETag: "gz"',
      "",
      "",
    ];
    origin.answer = () => head.join("\r\n") + GZIP;
    const response = await ask(
      "GET /encoded HTTP/1.1",
      "Host: a",
      "Accept-Encoding: gzip",
      "Connection: close",
    );
    expect(response.body.toString("latin1")).toBe(GZIP);
    expect([response.header("Content-Encoding"), response.header("ETag")]).toEqual(["gzip", '"gz"']);
  });

  test.each([
    ["of a length", "Content-Length: 1000000\r\n\r\n"],
    ["of chunks", `Transfer-Encoding: chunked\r\n\r\n${SENT_BYTES.toString(16)}\r\n`],
  ])("a client that leaves inside its body ends the origin's request: %s", async (__, framing) => {
    const target = `/broken/${framing.length}`;
    using connection = await RawConnection.open("127.0.0.1", gateway.httpPort);
    await connection.send(`PUT ${target} HTTP/1.1\r\nHost: a\r\n${framing}${"x".repeat(SENT_BYTES)}\r\n`);
    if (peer.refusesChunks && framing.startsWith("Transfer-Encoding")) {
      expect((await connection.readResponse()).status).toBe(411);
      return expect(origin.to(target)).toEqual([]);
    }
    await vi.waitFor(() => expect(origin.to(target)).toHaveLength(1), PATIENCE);
    connection.reset();
    await vi.waitFor(() => expect(origin.to(target)[0]?.isLeft).toBe(true), PATIENCE);
    expect(origin.to(target)[0]?.isWhole).toBe(false);
  });
});
