import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, READ_TOKEN } from "../operator/seat-client.ts";
import { eventually } from "../support/eventually.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource } from "../support/upload-source.ts";
import { holderOf, type ServedEdge, startServedEdge } from "./served-edge.ts";

const MACHINES = [
  "process_open_fds",
  "process_max_fds",
  "bitsedge_state_bytes",
  "bitsedge_disk_free_bytes",
  "bitsedge_disk_size_bytes",
] as const;

let folder: string;
let origin: LegacyOrigin;
let edge: ServedEdge;
beforeAll(async () => {
  // Longer than the path of a socket may be.
  folder = await mkdtemp(join(tmpdir(), `bits-metrics-${"x".repeat(100)}-`));
  origin = await startLegacyOrigin();
  const env = {
    ORIGIN_URL: origin.url,
    UPLOAD_DIRECTORIES: '[{"path":"/incoming/"}]',
    OPERATOR_READ_TOKEN: READ_TOKEN,
  };
  edge = await startServedEdge(["--http", "0", "--tcp", "0", "--state", folder], env);
});
afterAll(async () => {
  await edge.program.end("SIGTERM");
  await origin.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** What the metrics say of the machine. */
async function machine(): Promise<Partial<Record<(typeof MACHINES)[number], number>>> {
  const httpUrl = `http://127.0.0.1:${edge.ports.http}`;
  const { status, text } = await ask({ httpUrl }, "metrics", { token: READ_TOKEN });
  expect(status).toBe(200);
  expect(text).toContain("bitsedge_tcp_connections ");
  const values = MACHINES.map((name) => [name, new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]]);
  return Object.fromEntries(
    values.filter(([, value]) => value !== undefined).map(([name, value]) => [name, Number(value)]),
  );
}

test("an edge of one's own says how many descriptors it has, how large its state is, and what room is left", async () => {
  const before = await machine();
  expect(Object.keys(before)).toEqual(MACHINES);
  const { process_open_fds: open = 0, bitsedge_state_bytes: bytes = 0, ...limits } = before;
  expect(open).toBeGreaterThan(10);
  expect(open).toBeLessThan(limits.process_max_fds ?? 0);
  expect(limits.bitsedge_disk_free_bytes).toBeLessThan(limits.bitsedge_disk_size_bytes ?? 0);

  const url = `http://127.0.0.1:${edge.ports.tcp}/incoming/counted.bin`;
  await uploadFile(patternSource(3 << 20, "counted"), url);
  const held = await Promise.all(
    Array.from({ length: 20 }, async () => RawConnection.open("127.0.0.1", edge.ports.tcp)),
  );
  await eventually(async () => {
    const now = await machine();
    expect(now.process_open_fds).toBeGreaterThanOrEqual(open + 20);
    expect(now.bitsedge_state_bytes).toBeGreaterThan(bytes + (3 << 20));
  });
  for (const connection of held) connection.destroy();
});

test("the figures are those of the runtime that runs now", async () => {
  const { runtime } = await holderOf(folder);
  process.kill(runtime, "SIGKILL");
  await eventually(async () => expect((await holderOf(folder)).runtime).not.toBe(runtime));
  await eventually(async () => expect(Object.keys(await machine())).toEqual(MACHINES));
});

test("while the machine does not say them, the metrics come without them", async () => {
  const { pid } = await holderOf(folder);
  process.kill(pid, "SIGSTOP");
  try {
    expect(await machine()).toEqual({});
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await eventually(async () => expect(Object.keys(await machine())).toEqual(MACHINES));
});
