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
    expect(await asked(`${door}/healthz`)).toEqual([200, { configuration: "fine", origin: "fine" }]);
  }
  await origin.pause();
  expect(await asked(`${edge.tcpUrl}/healthz`)).toEqual([503, { configuration: "fine", origin: "silent" }]);
  await origin.resume();
  expect(await asked(`${edge.tcpUrl}/healthz`)).toEqual([200, { configuration: "fine", origin: "fine" }]);
});

test("a wrong configuration is told, and the path can be another", async () => {
  await using origin = await startLegacyOrigin();
  await using wrong = await startEdge({ vars: { ORIGIN_URL: "nowhere" } });
  for (const door of [wrong.httpUrl, wrong.tcpUrl]) {
    expect(await asked(`${door}/healthz`)).toEqual([503, { configuration: "wrong", origin: "unknown" }]);
  }
  await using moved = await startEdge({ vars: { ORIGIN_URL: origin.url, HEALTH_PATH: "/-/health" } });
  for (const door of [moved.httpUrl, moved.tcpUrl]) {
    expect((await asked(`${door}/-/health`))[0]).toBe(200);
    expect((await fetch(`${door}/healthz`)).status).toBe(404); // the origin's
  }
});
