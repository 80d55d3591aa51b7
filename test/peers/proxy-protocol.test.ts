import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CREATED, expectAck } from "../support/expect-ack.ts";
import { createSession } from "../support/bits-client.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { Gateway, type GatewaySetup, type StartProgram } from "./gateway.ts";
import { startHaproxyTcp } from "./haproxy.ts";
import { startHitch } from "./hitch.ts";
import { startStunnel } from "./stunnel.ts";
import { CLIENT_ADDRESS } from "./peers.ts";
import { TlsTunnel } from "./tls-tunnel.ts";
import { uploadWithBreak } from "./upload-with-break.ts";
import { eventually } from "../support/eventually.ts";

const haproxy =
  (says: string): StartProgram =>
  async (setup: GatewaySetup) =>
    startHaproxyTcp(setup, says);

const FRONTS: readonly (readonly [name: string, listens: "twice" | "for TLS", start: StartProgram])[] = [
  ["HAProxy, send-proxy-v2", "twice", haproxy("send-proxy-v2 check")],
  ["HAProxy, send-proxy", "twice", haproxy("send-proxy check")],
  [
    "HAProxy, send-proxy-v2 with a checksum and all that it knows of TLS",
    "twice",
    haproxy("send-proxy-v2-ssl-cn proxy-v2-options crc32c,ssl,cert-cn,ssl-cipher,unique-id,authority check"),
  ],
  ["stunnel", "for TLS", startStunnel],
  ["hitch, version 2", "for TLS", async (setup) => startHitch(setup)],
  ["hitch, version 1", "for TLS", async (setup) => startHitch(setup, "write-proxy-v1 = on")],
];

let origin: LegacyOrigin;
let edge: Edge;
beforeAll(async () => {
  origin = await startLegacyOrigin();
  edge = await startEdge({
    vars: {
      ORIGIN_URL: origin.url,
      UPLOAD_DIRECTORIES: [
        { path: "/uploads/" },
        { path: "/theirs/", allow_from: [`${CLIENT_ADDRESS}/32`] },
        { path: "/fronts/", allow_from: ["127.0.0.1/32"] },
      ],
      TRUSTED_PROXIES: ["127.0.0.1/32"],
      PROXY_PROTOCOL: true,
    },
  });
});
afterAll(async () => {
  await edge.stop();
  await origin.close();
});

const refused = (): unknown[] =>
  edge.logs.filter(({ text }) => text.includes("proxy-header-refused")).map(({ json }) => json);

describe.each(FRONTS)("%s, before the TCP door", (name, listens, start) => {
  const word = name.replaceAll(/\W/g, "-");
  let front: Gateway;
  beforeAll(async () => {
    front = await Gateway.start(start, `127.0.0.1:${edge.tcpPort}`, { listens });
  });
  afterAll(async () => front.stop());

  const through = async (from?: string) =>
    TlsTunnel.open(front.httpsPort, front.pem, ["h2", "http/1.1"], from);

  test("an upload with a break inside a Fragment, over TLS", async () => {
    await using tunnel = await through();
    await uploadWithBreak(tunnel.port, origin, word);
    expect(tunnel.protocols.filter((chosen) => chosen === "h2")).toEqual([]);
  });

  test("the client's address is known to the edge, and the origin", async () => {
    await using tunnel = await through(CLIENT_ADDRESS);
    using connection = await RawConnection.open("127.0.0.1", tunnel.port);
    expectAck(await createSession(connection, "/theirs/x.bin"), CREATED);
    expect((await createSession(connection, "/fronts/x.bin")).status).toBe(403);
    await connection.send(`GET /${word} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.66\r\n\r\n`);
    await connection.readResponse();
    const seen = await origin.waitFor(({ url }) => url === `/${word}`);
    expect(seen.headers["x-forwarded-for"]).toBe(CLIENT_ADDRESS);
    expect(refused()).toEqual([]);
  });
});

test("a front that forgets to say whose connections they are gets nobody in, and the log says why", async () => {
  await using front = await Gateway.start(haproxy(""), `127.0.0.1:${edge.tcpPort}`);
  using connection = await RawConnection.open("127.0.0.1", front.httpPort);
  expect((await createSession(connection, "/uploads/x.bin")).status).toBe(400);
  await eventually(() => expect(refused()).toMatchObject([{ peer: "127.0.0.1" }]));
});
