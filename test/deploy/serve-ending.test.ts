import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createSession, formatPacketHead, ping, readAck } from "../support/bits-client.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { startServedEdge, until } from "./served-edge.ts";

const PATIENCE = { timeoutMilliseconds: 60_000 };
const DESTINATION = "/uploads/ending.bin";
const BYTES = Buffer.alloc(1_000, "x");

test("SIGTERM: a request that is under way is answered with Connection: close, an idle connection is ended, /ready says no", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bits-ending-"));
  const args = ["--http", "0", "--tcp", "0", "--state", join(folder, "state")];
  const edge = await startServedEdge(args, { ORIGIN_URL: "http://127.0.0.1:1" });
  onTestFinished(async () => {
    await edge.program.end("SIGKILL");
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  const open = async () => RawConnection.open("127.0.0.1", edge.ports.tcp, PATIENCE);
  using idle = await open();
  using sender = await open();
  using balancer = await open();
  expect((await ping(idle, DESTINATION)).status).toBe(200);
  const { sessionId = "" } = await createSession(sender, DESTINATION);
  const fields = { sessionId, first: 0, length: BYTES.length, total: BYTES.length };
  await sender.send(formatPacketHead(sender, DESTINATION, "Fragment", fields));
  await sender.send(BYTES.subarray(0, 500));
  await balancer.send("GET /ready HTTP/1.1\r\n");

  process.kill(edge.program.pid ?? 0, "SIGTERM");
  // Nobody ends the runtime meanwhile: the Fragment is under way.
  await idle.waitForEnd();
  expect(edge.program.ended).toBe(false);

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
  await until(() => edge.program.ended, "the edge has ended");
});
