import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource } from "../support/upload-source.ts";
import { holderOf, runServe, startServedEdge, until } from "./served-edge.ts";

let folder: string;
let origin: LegacyOrigin;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bits-lock-"));
  origin = await startLegacyOrigin();
  env = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: '[{"path":"/incoming/"}]' };
});
afterAll(async () => {
  await origin.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** Whether a process is at work. One that has ended, and that its parent has not looked at yet, is not (Linux: "Z"). */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = `/proc/${pid}/status`;
  return !existsSync(status) || !/^State:\s+Z/m.test(readFileSync(status, "utf8"));
}

test("a second edge on a state folder refuses to start, and names the first", async () => {
  const state = join(folder, "shared");
  const args = ["--http", "0", "--tcp", "0", "--state", state];
  const first = await startServedEdge(args, env);
  try {
    const { pid, since } = await holderOf(state);
    const second = runServe([...args, "--no-build"], env);
    await expect(second.program.failure()).rejects.toThrow(
      `The state folder ${state} is in use by another edge: process ${pid} on `,
    );
    const said = second.logs.map(({ text }) => text).join("\n");
    expect(said).toContain(`since ${since}`);
    expect(said).toContain("choose another folder with --state");
    // The first one has noticed nothing.
    const url = `http://127.0.0.1:${first.ports.tcp}/incoming/first.bin`;
    expect((await uploadFile(patternSource(70_000, "first"), url)).closeAck.status).toBe(200);
  } finally {
    await first.program.end("SIGKILL");
  }
});

test("an edge that was killed leaves neither a lock nor a runtime", async () => {
  const state = join(folder, "killed");
  const args = ["--no-build", "--http", "0", "--tcp", "0", "--state", state];
  const first = await startServedEdge(args, env);
  const { pid, runtime } = await holderOf(state);
  expect(isThere(runtime)).toBe(true);
  // Of its group this process alone: its runtime is left behind, with the databases open.
  process.kill(pid, "SIGKILL");
  const second = await startServedEdge(args, env);
  try {
    await until(async () => !isThere(runtime), "the end of the runtime that was left behind");
    expect((await holderOf(state)).pid).not.toBe(pid);
    const url = `http://127.0.0.1:${second.ports.tcp}/incoming/second.bin`;
    expect((await uploadFile(patternSource(70_000, "second"), url)).closeAck.status).toBe(200);
  } finally {
    await second.program.end("SIGKILL");
    await first.program.end("SIGKILL");
  }
});

test("a runtime that ends by itself is started again, on the same ports", async () => {
  const state = join(folder, "again");
  const edge = await startServedEdge(["--no-build", "--http", "0", "--tcp", "0", "--state", state], env);
  try {
    const { runtime } = await holderOf(state);
    process.kill(runtime, "SIGKILL");
    await until(async () => (await holderOf(state)).runtime !== runtime, "another runtime");
    const url = `http://127.0.0.1:${edge.ports.tcp}/incoming/again.bin`;
    expect((await uploadFile(patternSource(70_000, "again"), url, { tries: 300 })).closeAck.status).toBe(200);
  } finally {
    await edge.program.end("SIGKILL");
  }
});
