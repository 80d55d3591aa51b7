import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createSession, formatPacketHead, ping, readAck } from "../support/bits-client.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { uploadFile } from "../support/upload-file.ts";
import { patternSource } from "../support/upload-source.ts";
import { eventsOf, holderOf, type ServedEdge, startServedEdge, until } from "./served-edge.ts";

const MEBIBYTE = 1 << 20;
const PATIENCE = { timeoutMilliseconds: 60_000 };
const DESTINATION = "/uploads/ending.bin";
const BYTES = Buffer.alloc(1_000, "x");
/** What a request that is under way has after the first signal (tools/serve/runtime.ts). */
const GRACE_MILLISECONDS = 30_000;

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

/** An edge with an idle connection, one with half a Fragment, and one with half a head, which is then told to end. */
async function endingEdge() {
  // The Worker is built by the first edge.
  const args = ["--no-build", "--http", "0", "--tcp", "0", "--state", await mkdtemp(join(folder, "ending-"))];
  const ending = await startServedEdge(args, { ORIGIN_URL: origin.url });
  const connections: RawConnection[] = [];
  onTestFinished(async () => {
    for (const connection of connections) connection.destroy();
    await ending.program.end("SIGKILL");
  });
  const open = async (): Promise<RawConnection> => {
    const connection = await RawConnection.open("127.0.0.1", ending.ports.tcp, PATIENCE);
    connections.push(connection);
    return connection;
  };
  const [idle, sender, balancer] = [await open(), await open(), await open()];
  expect((await ping(idle, DESTINATION)).status).toBe(200);
  const { sessionId = "" } = await createSession(sender, DESTINATION);
  const fields = { sessionId, first: 0, length: BYTES.length, total: BYTES.length };
  await sender.send(formatPacketHead(sender, DESTINATION, "Fragment", fields));
  await sender.send(BYTES.subarray(0, 500));
  await balancer.send("GET /ready HTTP/1.1\r\n");
  const tellToEnd = (): void => void process.kill(ending.program.pid ?? 0, "SIGTERM");
  tellToEnd();
  return { program: ending.program, idle, sender, balancer, tellToEnd };
}

test("SIGTERM: a request that is under way is answered with Connection: close, an idle connection is ended, /ready says no", async () => {
  const { program, idle, sender, balancer } = await endingEdge();
  // Nobody ends the runtime meanwhile: the Fragment is under way.
  await idle.waitForEnd();
  expect(program.ended).toBe(false);

  await balancer.send("Host: edge\r\n\r\n");
  const ready = await balancer.readResponse();
  expect([ready.status, ready.body.toString(), ready.header("Connection")]).toEqual([
    503,
    '{"ready":"no"}',
    "close",
  ]);
  await sender.send(BYTES.subarray(500));
  const response = await sender.readResponse();
  expect(readAck(response)).toMatchObject({ status: 200, receivedContentRange: BYTES.length });
  expect(response.header("Connection")).toBe("close");
  await until(() => program.ended, "the edge has ended");
});

test("a second signal ends the edge at once, with a request under way", async () => {
  const { program, idle, tellToEnd } = await endingEdge();
  await idle.waitForEnd();
  expect(program.ended).toBe(false);
  tellToEnd();
  await until(() => program.ended, "the edge has ended", GRACE_MILLISECONDS - 5_000);
});
