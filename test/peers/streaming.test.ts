import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { closeSession, createSession, formatPacketHead, fragment, readAck } from "../support/bits-client.ts";
import { startEdge } from "../support/edge.ts";
import { startLegacyOrigin } from "../support/legacy-origin.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { Gateway } from "./gateway.ts";
import { doorOf, PEERS } from "./peers.ts";

const MEBIBYTE = 1 << 20;
const TOTAL = 13 * MEBIBYTE;
const SENT_FIRST = 3 * MEBIBYTE;
const TARGET = "/uploads/streamed.bin";

test.each(PEERS)("$name: a fragment reaches the edge while it is still being sent", async (peer) => {
  await using origin = await startLegacyOrigin();
  await using edge = await startEdge({
    vars: { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/uploads/" }], ...peer.vars },
  });
  await using gateway = await Gateway.start(peer.start, doorOf(peer, edge));
  using connection = await RawConnection.open("127.0.0.1", gateway.httpPort);
  const { sessionId = "" } = await createSession(connection, TARGET);

  const head = { sessionId, first: 0, total: TOTAL, length: TOTAL };
  await connection.send(formatPacketHead(connection, TARGET, "Fragment", head));
  await connection.send(Buffer.alloc(SENT_FIRST, 1));
  const stored = await storedAtEdge(edge.httpPort, sessionId);
  expect(stored).toBeGreaterThanOrEqual(MEBIBYTE);
  expect(stored).toBeLessThanOrEqual(SENT_FIRST);
  expect(await gateway.bufferedFiles()).toEqual([]);

  await connection.send(Buffer.alloc(TOTAL - SENT_FIRST, 2));
  const ack = readAck(await connection.readResponse());
  expect(ack).toMatchObject({ status: 200, receivedContentRange: TOTAL });
  expect(await gateway.bufferedFiles()).toEqual([]);
  // The fragment was not in memory either.
  const memory = (await gateway.rssBytes(peer.process)) ?? 0;
  expect(memory).toBeGreaterThan(0);
  expect(memory).toBeLessThan(peer.restingMebibytes * MEBIBYTE);
  expect(await closeSession(connection, TARGET, sessionId)).toMatchObject({ status: 200 });
});

/** Asks the edge, at its HTTP door, by a Fragment that leaves a gap: its 416 says what is stored and changes nothing. */
async function storedAtEdge(httpPort: number, sessionId: string): Promise<number> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    using connection = await RawConnection.open("127.0.0.1", httpPort);
    const range = { sessionId, first: TOTAL - 1, total: TOTAL, bytes: "x" };
    const ack = await fragment(connection, TARGET, range, { verb: "POST" });
    expect(ack.status).toBe(416);
    const stored = ack.receivedContentRange ?? 0;
    if (stored >= MEBIBYTE || performance.now() > deadline) return stored;
    await pause(20);
  }
}
