import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startEdge } from "../support/edge.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";

const asked = async (url: string) => {
  const response = await fetch(url);
  return [response.status, await response.json()];
};

test("GET /healthz says over both doors how configuration and origin are, and nothing of sessions", async () => {
  await using origin = await startLegacyOrigin();
  await using edge = await startEdge({
    vars: { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }] },
  });
  for (const door of [edge.httpUrl, edge.tcpUrl]) {
    expect(await asked(`${door}/healthz`)).toEqual([
      200,
      { configuration: "fine", origin: "fine", ready: "yes" },
    ]);
  }
  await origin.pause();
  expect(await asked(`${edge.tcpUrl}/healthz`)).toEqual([
    503,
    { configuration: "fine", origin: "silent", ready: "yes" },
  ]);
  // Every other edge has the same origin: a balancer that took all of them out would tell clients nothing.
  for (const door of [edge.httpUrl, edge.tcpUrl]) {
    expect(await asked(`${door}/ready`)).toEqual([200, { ready: "yes" }]);
  }
  await origin.resume();
  expect(await asked(`${edge.tcpUrl}/healthz`)).toEqual([
    200,
    { configuration: "fine", origin: "fine", ready: "yes" },
  ]);
});

test("an origin whose certificate nobody vouches for is told from one that is away", async () => {
  const folder = join(import.meta.dirname, "..", "fixtures", "certificates");
  const [cert, key] = await Promise.all(
    ["self-signed.pem", "key.pem"].map(async (name) => await readFile(join(folder, name))),
  );
  const server = createServer({ cert, key });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await using edge = await startEdge({ vars: { ORIGIN_URL: `https://localhost:${port}` } });
  const said = { configuration: "fine", ready: "yes" };
  expect(await asked(`${edge.tcpUrl}/healthz`)).toEqual([503, { ...said, origin: "untrusted" }]);
  server.close();
  await once(server, "close");
  expect(await asked(`${edge.tcpUrl}/healthz`)).toEqual([503, { ...said, origin: "silent" }]);
});

test("a wrong configuration is told, and the path can be another", async () => {
  await using origin = await startLegacyOrigin();
  await using wrong = await startEdge({ vars: { ORIGIN_URL: "nowhere" } });
  for (const door of [wrong.httpUrl, wrong.tcpUrl]) {
    expect(await asked(`${door}/healthz`)).toEqual([
      503,
      { configuration: "wrong", origin: "unknown", ready: "no" },
    ]);
  }
  expect(await asked(`${wrong.tcpUrl}/ready`)).toEqual([503, { ready: "no" }]);
  await using moved = await startEdge({ vars: { ORIGIN_URL: origin.url, HEALTH_PATH: "/-/health" } });
  for (const door of [moved.httpUrl, moved.tcpUrl]) {
    expect((await asked(`${door}/-/health`))[0]).toBe(200);
    expect((await fetch(`${door}/-/ready`)).status).toBe(200);
    for (const path of ["/healthz", "/ready"]) {
      expect((await fetch(`${door}${path}`)).status).toBe(404); // the origin's
    }
  }
});

test("in a cluster the runtime says whether the edge is ready, and who cannot be asked is not", async () => {
  await using origin = await startLegacyOrigin();
  await using runtime = await startLegacyOrigin();
  await fetch(`${runtime.url}/ready`, { method: "PUT", body: "ok" });
  const vars = { ORIGIN_URL: origin.url, CLUSTER_READY_URL: `${runtime.url}/ready` };
  await using edge = await startEdge({ vars });
  expect(await asked(`${edge.tcpUrl}/ready`)).toEqual([200, { ready: "yes" }]);
  await runtime.pause();
  expect(await asked(`${edge.tcpUrl}/ready`)).toEqual([503, { ready: "no" }]);
  expect(await asked(`${edge.tcpUrl}/healthz`)).toEqual([
    503,
    { configuration: "fine", origin: "fine", ready: "no" },
  ]);
});
