import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ping } from "../support/bits-client.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource } from "../support/upload-source.ts";
import { eventsOf, holderOf, type ServedEdge, startServedEdge, until } from "./served-edge.ts";

const MEBIBYTE = 1 << 20;

let folder: string;
let config: string;
let origin: LegacyOrigin;
let edge: ServedEdge;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bits-signals-"));
  config = join(folder, "edge.toml");
  origin = await startLegacyOrigin();
  await configure("/old/");
  const args = ["--http", "0", "--tcp", "0", "--state", join(folder, "state"), "--config", config];
  edge = await startServedEdge(args, {});
});
afterAll(async () => {
  await edge.program.end("SIGKILL");
  await origin.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

async function configure(...paths: string[]): Promise<void> {
  const directories = paths.map((path) => `[[UPLOAD_DIRECTORIES]]\npath = "${path}"\n`);
  await writeFile(config, `ORIGIN_URL = "${origin.url}"\n${directories.join("")}`);
}

async function hangUp(): Promise<void> {
  process.kill((await holderOf(join(folder, "state"))).pid, "SIGHUP");
}

test("SIGHUP takes a new configuration, and an upload that runs has one session and one commit", async () => {
  await configure("/old/", "/new/");
  let sent: Promise<void> | undefined;
  const report = await uploadFile(
    patternSource(24 * MEBIBYTE, "renewed"),
    `http://127.0.0.1:${edge.ports.tcp}/old/renewed.bin`,
    {
      fragmentBytes: 4 * MEBIBYTE,
      tries: 300,
      onProgress: (bytes) => {
        if (bytes > 10 * MEBIBYTE) sent ??= hangUp();
      },
    },
  );
  await sent;
  expect(report).toMatchObject({ sessions: 1, closeAck: { status: 200 } });
  expect(origin.of("PUT")).toHaveLength(1);
  await until(() => eventsOf(edge.logs, "ready").length === 2, "the runtime has started again");
  const connection = await RawConnection.open("127.0.0.1", edge.ports.tcp, { timeoutMilliseconds: 30_000 });
  expect((await ping(connection, "/new/any.bin")).status).toBe(200);
  connection.destroy();
});

test("SIGHUP with a configuration that is wrong changes nothing, and says why", async () => {
  const { runtime } = await holderOf(join(folder, "state"));
  await configure("no path");
  await hangUp();
  await until(() => eventsOf(edge.logs, "configuration-refused").length === 1, "a word on it");
  expect(eventsOf(edge.logs, "configuration-refused")[0]?.["message"]).toContain(
    "UPLOAD_DIRECTORIES[0].path must be a path that begins and ends with a slash",
  );
  expect(await holderOf(join(folder, "state"))).toMatchObject({ runtime });
  const connection = await RawConnection.open("127.0.0.1", edge.ports.tcp, { timeoutMilliseconds: 30_000 });
  expect((await ping(connection, "/old/any.bin")).status).toBe(200);
  connection.destroy();
});
