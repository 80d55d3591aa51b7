import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSession } from "../support/bits-client.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import { eventually } from "../support/eventually.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { Gateway } from "./gateway.ts";
import { CLIENT_ADDRESS, doorOf, PEERS } from "./peers.ts";

const FORGED = {
  "X-Forwarded-For": "192.0.2.66",
  Forwarded: "for=192.0.2.66",
  "CF-Connecting-IP": "192.0.2.66",
};

const DIRECTORIES = [
  { path: "/theirs/", allow_from: [`${CLIENT_ADDRESS}/32`] },
  { path: "/gateways/", allow_from: ["127.0.0.1/32"] },
  { path: "/forged/", allow_from: ["192.0.2.66/32"] },
];
const BELIEVED = { from: "a gateway in TRUSTED_PROXIES", trusted: ["127.0.0.1/32"], address: CLIENT_ADDRESS };
const ANOTHER = { from: "no other, whose own it takes", trusted: ["192.0.2.0/24"], address: "127.0.0.1" };
const CASES = PEERS.flatMap((peer) =>
  // One that announces its clients, and is not believed, gets nobody in: test/conformance/proxy-protocol.test.ts.
  (peer.vars === undefined ? [BELIEVED, ANOTHER] : [BELIEVED]).map((row) => ({ row, peer })),
);

describe.each(CASES)("$peer.name: the edge takes the client's address from $row.from", ({ peer, row }) => {
  const { trusted, address } = row;
  let origin: LegacyOrigin;
  let edge: Edge;
  let gateway: Gateway;
  beforeAll(async () => {
    origin = await startLegacyOrigin();
    const settings = { UPLOAD_DIRECTORIES: DIRECTORIES, TRUSTED_PROXIES: trusted };
    edge = await startEdge({ vars: { ORIGIN_URL: origin.url, ...peer.vars, ...settings } });
    gateway = await Gateway.start(peer.start, doorOf(peer, edge));
  });
  afterAll(async () => {
    await gateway.stop();
    await edge.stop();
    await origin.close();
  });

  const open = async (): Promise<RawConnection> =>
    RawConnection.open("127.0.0.1", gateway.httpPort, { localAddress: CLIENT_ADDRESS });

  test("for the origin", async () => {
    using connection = await open();
    const fields = Object.entries(FORGED).map((field) => field.join(": "));
    // The second request of a connection is looked at as well as the first one.
    for (const path of ["/first.html", "/second.html"]) {
      await connection.send(
        [`GET ${path} HTTP/1.1`, "Host: bits.example.com", ...fields, "", ""].join("\r\n"),
      );
      await connection.readResponse();
      const seen = await origin.waitFor(({ url }) => url === path);
      expect(seen.headers["x-forwarded-for"]).toBe(address);
      expect(seen.headers["x-forwarded-host"]).toBe("bits.example.com");
    }
  });

  test("for allow_from and the log", async () => {
    using connection = await open();
    const allowed = address === "127.0.0.1" ? "/gateways/" : "/theirs/";
    for (const { path } of DIRECTORIES) {
      const ack = await createSession(connection, `${path}x.bin`, { headers: FORGED });
      expect(ack.status).toBe(path === allowed ? 200 : 403);
    }
    await eventually(() => {
      const created = edge.logs
        .map(({ json }) => json)
        .filter((line) => JSON.stringify(line)?.includes('"created"'));
      expect(created).toMatchObject([{ client: address }]);
    });
  });
});
