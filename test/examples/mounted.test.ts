import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";
import { startEdge } from "../support/edge.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource, sha256Of } from "../support/upload-source.ts";

test("another Hono app mounts bits under its own routes, behind both doors", async () => {
  await using origin = await startLegacyOrigin();
  await using edge = await startEdge({
    main: join(PROJECT, "examples", "mounted.ts"),
    vars: { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }, { path: "/elsewhere/" }] },
  });
  const source = patternSource(3_000_000);
  for (const [verb, port] of [["BITS_POST", edge.tcpPort] as const, ["POST", edge.httpPort] as const]) {
    await uploadFile(source, `http://127.0.0.1:${port}/uploads/${verb}.bin`, { verb });
  }
  const sha256 = await sha256Of(source);
  expect(origin.of("PUT").map((request) => request.sha256)).toEqual([sha256, sha256]);
  expect(await (await fetch(edge.httpUrl)).text()).toBe("an app of its own");
  // Outside of the mount nothing is BITS.
  const elsewhere = await fetch(`${edge.httpUrl}/elsewhere/x`, {
    method: "POST",
    headers: { "BITS-Packet-Type": "Ping" },
  });
  expect(elsewhere.status).toBe(404);
});
