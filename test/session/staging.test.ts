import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { parseSessionId } from "../../src/protocol/session-id.ts";
import type { SessionPacket } from "../../src/protocol/session-record.ts";
import { Conversation, digestFieldOf, entityOf, storedAt } from "./packets.ts";
import { stagedBytesAt, storedOf } from "./stored-session.ts";
import { eventually } from "../support/eventually.ts";

const MIB = 1024 * 1024;
const TOTAL = 8 * MIB;
const PIECE = entityOf(MIB);

afterEach(() => vi.useRealTimers());

function packetOf(upload: Conversation): SessionPacket {
  const sessionId = parseSessionId(upload.id);
  if (sessionId === null) throw new Error("no session");
  const { pathname } = new URL(upload.url);
  const whose = { originalUrl: upload.url, clientAddress: null, expectedDigest: null };
  return { sessionId, issuedAt: Date.now(), destination: pathname, ...whose };
}

/** A Fragment with a digest whose client is cut off inside the runtime after some pieces: nobody takes them back. */
async function stage(upload: Conversation, name: string, pieces: number): Promise<void> {
  for (let count = 0; count < pieces; count++)
    await upload.object.stage(packetOf(upload), name, { total: TOTAL, bytes: PIECE.slice() });
}

test("twelve Fragments that were cut off leave no more bytes waiting than the upload has", async () => {
  const upload = await Conversation.begin("/uploads/staged-cut.bin");
  for (let turn = 0; turn < 12; turn++) await stage(upload, `cut-${turn}`, 7);
  await eventually(async () => expect(await stagedBytesAt(upload)).toBeLessThanOrEqual(TOTAL));
  // And the next one comes through.
  const entity = entityOf(TOTAL);
  const checked = {
    "Content-Range": `bytes 0-${TOTAL - 1}/${TOTAL}`,
    "Content-Digest": await digestFieldOf(entity),
  };
  expect((await upload.send("Fragment", checked, entity)).headers.get("BITS-Received-Content-Range")).toBe(
    String(TOTAL),
  );
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt("/uploads/staged-cut.bin")).toEqual(entity);
  await eventually(async () => expect(await stagedBytesAt(upload)).toBe(0));
});

test("sixteen at once have no more bytes waiting than the upload has, and the one that began last can end", async () => {
  const upload = await Conversation.begin("/uploads/staged-at-once.bin");
  const names = Array.from({ length: 16 }, (_, count) => `at-once-${count}`);
  for (let piece = 0; piece < 8; piece++) {
    for (const name of names) await stage(upload, name, 1);
    await eventually(async () => expect(await stagedBytesAt(upload)).toBeLessThanOrEqual(TOTAL));
  }
  const range = { first: 0, length: TOTAL, total: TOTAL };
  // Those that gave way have to be sent again.
  expect(await upload.object.adopt(packetOf(upload), "at-once-0", range)).toMatchObject({
    offset: 0,
    fault: { status: 503 },
  });
  expect(await upload.object.adopt(packetOf(upload), "at-once-15", range)).toMatchObject({
    offset: TOTAL,
    fault: null,
  });
  expect((await upload.cancel()).status).toBe(200);
  await eventually(async () => expect(await stagedBytesAt(upload)).toBe(0));
});

test.each(["close", "cancel"] as const)("what waits is gone with its session (%s)", async (end) => {
  const upload = await Conversation.begin(`/uploads/staged-${end}.bin`);
  await stage(upload, `left-${end}`, 3);
  await upload.fragment(entityOf(TOTAL));
  await upload[end]();
  await eventually(async () => expect(await stagedBytesAt(upload)).toBe(0));
});

test("… and with its object's life", async () => {
  const upload = await Conversation.begin("/uploads/staged-evicted.bin");
  await stage(upload, "evicted", 5);
  await evictDurableObject(upload.object);
  await runInDurableObject(upload.object, (session) => session.alarm());
  await eventually(async () => expect(await stagedBytesAt(upload)).toBe(0));
  expect((await storedOf(upload)).record?.state).toBe("receiving");
});

test("… and when nothing was heard of the Fragment for longer than a door waits", async () => {
  const upload = await Conversation.begin("/uploads/staged-silent.bin");
  await stage(upload, "silent", 2);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 200_000 });
  await runInDurableObject(upload.object, (session) => session.alarm());
  await eventually(async () => expect(await stagedBytesAt(upload)).toBe(0));
});
