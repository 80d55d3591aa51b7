import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { expect, test } from "vitest";
import { commitsOf, Conversation, entityOf } from "./packets.ts";
import { alarmOf, expectNoStrayBytes, IS_SHARED, storedOf } from "./stored-session.ts";
import { eventually } from "../support/eventually.ts";

const MIB = 1024 * 1024;
const FRAGMENT_BYTES = 4 * MIB;
/** More than one step removes, in an object of its own too. */
const LARGE_BYTES = 17 * MIB;

async function upload(destination: string, length: number): Promise<Conversation> {
  const conversation = await Conversation.begin(destination);
  const entity = entityOf(length);
  for (let first = 0; first < length; first += FRAGMENT_BYTES) {
    const ack = await conversation.fragment(entity, first, Math.min(first + FRAGMENT_BYTES, length));
    expect(ack.status).toBe(200);
  }
  return conversation;
}

test("a few bytes are released in the transaction that stores the result", async () => {
  const conversation = await upload("/uploads/release-few.bin", MIB);
  expect((await conversation.close()).status).toBe(200);
  const stored = await storedOf(conversation);
  expect([stored.record?.state, stored.length]).toEqual(["committed", 0]);
  await runDurableObjectAlarm(conversation.object);
  expect(await storedOf(conversation)).toEqual(stored);
  if (!IS_SHARED) expect(await alarmOf(conversation)).toBe(stored.due);
});

test.each(["close", "cancel"] as const)(
  "%s of a large upload is answered before its bytes are gone; they go, in another life of the object too",
  async (end) => {
    const destination = `/uploads/release-many-${end}.bin`;
    const conversation = await upload(destination, LARGE_BYTES);
    expect((await conversation[end]()).status).toBe(200);
    const { length, due } = await storedOf(conversation);
    // If something is left, somebody looks after it soon.
    if (length > 0) expect(due).toBeLessThanOrEqual(Date.now());
    expect(await alarmOf(conversation)).toBeLessThanOrEqual(Date.now() + 10_000);

    await evictDurableObject(conversation.object);
    await runDurableObjectAlarm(conversation.object);
    await eventually(async () => expect((await storedOf(conversation)).length).toBe(0));
    await eventually(async () =>
      expect((await storedOf(conversation)).due).toBeGreaterThan(Date.now() + 60_000),
    );
    await expectNoStrayBytes(conversation);

    expect((await conversation[end]()).status).toBe(200);
    expect(await commitsOf(destination)).toHaveLength(end === "close" ? 1 : 0);
  },
);

test("a large upload that the application refused is kept, and nothing is to be released", async () => {
  const conversation = await upload("/uploads/release-nothing.bin?answer=507", LARGE_BYTES);
  expect((await conversation.close()).status).toBe(507);
  await runDurableObjectAlarm(conversation.object);
  const { length, due } = await storedOf(conversation);
  expect(length).toBe(LARGE_BYTES);
  expect(due).toBeGreaterThan(Date.now() + 60_000);
});

test("what waits for its release is not served, stored or committed any more", async () => {
  const conversation = await upload("/uploads/release-waits.bin", LARGE_BYTES);
  await conversation.cancel();
  const entity = entityOf(LARGE_BYTES);
  expect((await conversation.fragment(entity, 0, MIB)).headers.get("BITS-Error-Code")).toBe("0x8020001F");
  expect((await conversation.close()).headers.get("BITS-Error-Code")).toBe("0x8020001F");
  expect(await commitsOf("/uploads/release-waits.bin")).toEqual([]);
});
