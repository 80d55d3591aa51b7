import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { commitsOf, Conversation, entityOf } from "./packets.ts";

const MIB = 1024 * 1024;
const FRAGMENT_BYTES = 4 * MIB;

async function upload(destination: string, length: number): Promise<Conversation> {
  const conversation = await Conversation.begin(destination);
  const entity = entityOf(length);
  for (let first = 0; first < length; first += FRAGMENT_BYTES) {
    const ack = await conversation.fragment(entity, first, Math.min(first + FRAGMENT_BYTES, length));
    expect(ack.status).toBe(200);
  }
  return conversation;
}

async function stored({ object }: Conversation): Promise<{ rows: number; alarmIn: number }> {
  return await runInDurableObject(object, async (_, { storage }) => {
    const tables = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'fragments'").toArray();
    const rows = tables.length === 0 ? 0 : storage.sql.exec("SELECT 1 FROM fragments").toArray().length;
    return { rows, alarmIn: ((await storage.getAlarm()) ?? 0) - Date.now() };
  });
}

/** The alarm that watched over the commit has nothing to do: it is set to the session's end, and changes no byte. */
async function expectNothingToDo(conversation: Conversation): Promise<void> {
  const before = await stored(conversation);
  expect(before.alarmIn).toBeLessThanOrEqual(10_000);
  await runDurableObjectAlarm(conversation.object);
  const { rows, alarmIn } = await stored(conversation);
  expect(rows).toBe(before.rows);
  expect(alarmIn).toBeGreaterThan(60_000);
}

test("a few bytes are released in the transaction that stores the result", async () => {
  const conversation = await upload("/uploads/release-few.bin", 3 * MIB);
  expect((await conversation.close()).status).toBe(200);
  expect((await stored(conversation)).rows).toBe(0);
  await expectNothingToDo(conversation);
});

test.each(["close", "cancel"] as const)(
  "%s of a large upload is answered first; its bytes go by the alarm, in another life of the object too",
  async (end) => {
    const destination = `/uploads/release-many-${end}.bin`;
    const conversation = await upload(destination, 17 * MIB);
    expect((await conversation[end]()).status).toBe(200);
    const before = await stored(conversation);
    // The alarm may have rung already, on a busy machine; it may not be left for the session's end.
    if (before.rows > 0) expect(before.alarmIn).toBeLessThanOrEqual(1_000);

    await evictDurableObject(conversation.object);
    await runDurableObjectAlarm(conversation.object);
    const { rows, alarmIn } = await stored(conversation);
    expect(rows).toBe(0);
    expect(alarmIn).toBeGreaterThan(60_000);

    expect((await conversation[end]()).status).toBe(200);
    expect(await commitsOf(destination)).toHaveLength(end === "close" ? 1 : 0);
  },
);

test("a large upload that the application refused is kept, and nothing is to be released", async () => {
  const conversation = await upload("/uploads/release-nothing.bin?answer=507", 17 * MIB);
  expect((await conversation.close()).status).toBe(507);
  await expectNothingToDo(conversation);
  expect((await stored(conversation)).rows).toBe(17);
});

test("what waits for its release is not served, stored or committed any more", async () => {
  const conversation = await upload("/uploads/release-waits.bin", 17 * MIB);
  await conversation.cancel();
  const entity = entityOf(17 * MIB);
  expect((await conversation.fragment(entity, 0, MIB)).headers.get("BITS-Error-Code")).toBe("0x8020001F");
  expect((await conversation.close()).headers.get("BITS-Error-Code")).toBe("0x8020001F");
  expect(await commitsOf("/uploads/release-waits.bin")).toEqual([]);
});
