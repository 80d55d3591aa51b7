import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { eventsOf, until } from "../deploy/served-edge.ts";
import { ChildProgram, type LogLine } from "../support/child-program.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { run } from "./run-program.ts";

const consumer = inject("consumer");

test("npx bits-edge serve runs with workerd alone, and npx bits-edge upload uploads to it", async () => {
  expect(existsSync(join(consumer, "node_modules", "wrangler"))).toBe(false);
  expect(existsSync(join(consumer, "node_modules", "bits-edge", "src"))).toBe(false);
  await using origin = await startLegacyOrigin();
  const logs: LogLine[] = [];
  const program = new ChildProgram("npx", {
    args: ["--no", "bits-edge", "serve", "--http", "0", "--tcp", "0", "--state", "served", "--log", "json"],
    env: { ORIGIN_URL: origin.url },
    cwd: consumer,
    logs,
  });
  try {
    const ready = until(() => eventsOf(logs, "ready").length > 0, "the edge is ready");
    await Promise.race([ready, program.failure()]);
    const door = eventsOf(logs, "door").find((line) => line["door"] === "TCP");
    const bytes = Buffer.alloc(2_000_000, "bytes of a file that has to arrive as it is ");
    await writeFile(join(consumer, "first.bin"), bytes);
    const url = `http://127.0.0.1:${Number(door?.["port"])}/uploads/`;
    await run("npx", ["--no", "bits-edge", "upload", "first.bin", url], consumer);
    const stored = origin.files.pathOf("/uploads/first.bin") ?? "";
    expect(bytes.equals(await readFile(stored))).toBe(true);
  } finally {
    await program.end("SIGTERM");
  }
});
