import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { expect, test } from "vitest";
import { startEdge } from "../support/edge.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { Gateway } from "./gateway.ts";
import { PEERS } from "./peers.ts";

/** On Linux all of 127.0.0.0/8 is this machine: an address of the client's own. */
const CLIENT_ADDRESS = process.platform === "linux" ? "127.0.0.9" : "127.0.0.1";

test.each(
  PEERS.flatMap(
    ([name, start]) =>
      [
        [name, "a gateway in TRUSTED_PROXIES", start, ["127.0.0.1/32"], CLIENT_ADDRESS],
        [name, "no other, whose own address it takes", start, ["192.0.2.0/24"], "127.0.0.1"],
      ] as const,
  ),
)("%s: the edge takes the client's address from %s", async (_, __, start, trusted, address) => {
  await using origin = await startLegacyOrigin();
  await using edge = await startEdge({
    vars: { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }], TRUSTED_PROXIES: trusted },
  });
  await using gateway = await Gateway.start(start, `127.0.0.1:${edge.httpPort}`);
  const outgoing = request({
    host: "127.0.0.1",
    port: gateway.httpPort,
    path: "/page.html",
    localAddress: CLIENT_ADDRESS,
    headers: { Host: "bits.example.com", "X-Forwarded-For": "192.0.2.66" },
    agent: false,
  }).end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  response.resume();
  const seen = await origin.waitFor(({ url }) => url === "/page.html");
  expect(seen.headers["x-forwarded-for"]).toBe(address);
  expect(seen.headers["x-forwarded-host"]).toBe("bits.example.com");
});
