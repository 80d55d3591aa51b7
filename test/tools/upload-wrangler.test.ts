import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fileSource, sha256Of } from "../support/upload-source.ts";
import { startEdge } from "../support/edge.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { PROJECT } from "../support/bundle.ts";
import { runCommand } from "./command-line.ts";

test("Uploads go to both doors of wrangler dev too, each saying its verb", { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "bits-wrangler-"));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  await using origin = await startLegacyOrigin();
  const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }] };
  await using edge = await startEdge({ via: "wrangler", vars });
  const path = join(PROJECT, "package-lock.json");
  for (const [door, verb] of [
    [edge.tcpUrl, "BITS_POST"],
    [edge.httpUrl, "POST"],
  ] as const) {
    const url = `${door}/uploads/${verb}.bin`;
    const end = await runCommand(["upload", "--json", "--state", folder, path, url]);
    expect(end, end.stdout).toMatchObject({ code: 0 });
    expect(end.events.at(-1)).toMatchObject({ event: "uploaded", verb });
    const published = origin.files.pathOf(`/uploads/${verb}.bin`) ?? "";
    expect(await sha256Of(await fileSource(published))).toBe(await sha256Of(await fileSource(path)));
  }
});
