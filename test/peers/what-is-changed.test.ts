import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { request as requestOverTls } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Gateway } from "./gateway.ts";
import { CLIENT_ADDRESS, PEERS } from "./peers.ts";
import { type ForwardedRequest, RecordingUpstream } from "./recording-upstream.ts";

describe.each(PEERS.filter(({ door }) => door === "http"))("$name, before the HTTP door", ({ start }) => {
  let upstream: RecordingUpstream;
  let gateway: Gateway;
  beforeAll(async () => {
    upstream = await RecordingUpstream.start();
    gateway = await Gateway.start(start, upstream.address);
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream[Symbol.asyncDispose]();
  });

  interface Sent {
    path?: string;
    headers?: Record<string, string | string[]>;
    body?: string;
    tls?: boolean;
  }

  /** Sends one request and gives it back as it left the gateway. */
  async function forward(
    method: string,
    { path = "/", tls = false, ...sent }: Sent = {},
  ): Promise<ForwardedRequest> {
    const options = { host: "127.0.0.1", method, path, localAddress: CLIENT_ADDRESS, agent: false as const };
    const headers = { ...sent.headers, "Content-Length": String(sent.body?.length ?? 0) };
    const outgoing = tls
      ? requestOverTls({
          ...options,
          headers,
          port: gateway.httpsPort,
          ca: gateway.pem,
          servername: "localhost",
        })
      : request({ ...options, headers, port: gateway.httpPort });
    outgoing.end(sent.body);
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    expect(response.statusCode).toBe(200);
    const forwarded = upstream.requests.at(-1);
    if (forwarded === undefined) throw new Error("nothing was forwarded");
    return forwarded;
  }

  test("BITS_POST becomes POST that says what it was", async () => {
    const headers = { "BITS-Packet-Type": "Fragment", "Content-Range": "bytes 0-2/3" };
    const path = "/uploads/a%20b%2Fc//d.bin?x=1&y=%2F";
    const forwarded = await forward("BITS_POST", { path, headers, body: "abc" });
    expect(forwarded).toMatchObject({
      method: "POST",
      target: path,
      version: "1.1",
      body: Buffer.from("abc"),
    });
    expect(forwarded.values("X-HTTP-Method-Override")).toEqual(["BITS_POST"]);
    expect(forwarded.values("BITS-Packet-Type")).toEqual(["Fragment"]);
    expect(forwarded.values("Content-Range")).toEqual(["bytes 0-2/3"]);
    expect(forwarded.values("Content-Length")).toEqual(["3"]);
    expect(forwarded.values("Transfer-Encoding")).toEqual([]);
  });

  test("Content-Length: 0 stays, without which a packet is refused", async () => {
    const forwarded = await forward("BITS_POST", { headers: { "BITS-Packet-Type": "Ping" } });
    expect(forwarded.values("Content-Length")).toEqual(["0"]);
  });

  test.each(["GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])(
    "%s stays what it is",
    async (method) => {
      const forwarded = await forward(method, { headers: { "X-HTTP-Method-Override": "BITS_POST" } });
      expect(forwarded.method).toBe(method);
      // A client cannot say it in the gateway's name.
      expect(forwarded.values("X-HTTP-Method-Override")).toEqual([]);
    },
  );

  test("a client's own X-HTTP-Method-Override on BITS_POST is replaced", async () => {
    const headers = { "X-HTTP-Method-Override": ["DELETE", "PUT"] };
    const forwarded = await forward("BITS_POST", { headers });
    expect(forwarded.values("X-HTTP-Method-Override")).toEqual(["BITS_POST"]);
  });

  test("the client's address is set, whatever the client claims", async () => {
    const headers = {
      "X-Forwarded-For": ["192.0.2.1, 192.0.2.2", "192.0.2.3"],
      "CF-Connecting-IP": "192.0.2.4",
    };
    for (const method of ["GET", "BITS_POST"]) {
      const forwarded = await forward(method, { headers });
      expect(forwarded.values("X-Forwarded-For")).toEqual([CLIENT_ADDRESS]);
      expect(forwarded.values("CF-Connecting-IP")).toEqual([]);
    }
  });

  test.each([
    ["http", false],
    ["https", true],
  ])("the client's host and scheme are passed on: %s", async (scheme, tls) => {
    const headers = {
      Host: "uploads.example.com:8443",
      "X-Forwarded-Proto": "gopher",
      "X-Forwarded-Host": "evil",
    };
    const forwarded = await forward("BITS_POST", { headers, tls });
    expect(forwarded.values("Host")).toEqual(["uploads.example.com:8443"]);
    expect(forwarded.values("X-Forwarded-Host")).toEqual(["uploads.example.com:8443"]);
    expect(forwarded.values("X-Forwarded-Proto")).toEqual([scheme]);
  });
});
