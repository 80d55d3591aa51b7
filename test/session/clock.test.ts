import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Conversation, commitsOf, entityOf } from "./packets.ts";
import { orphan, storedOf } from "./stored-session.ts";
import { eventually } from "../support/eventually.ts";
import { watchLog } from "./watch-log.ts";

/** The edge's clock jumps; a session's times are those of the clock as it was. */
const HOUR = 60 * 60 * 1000;
const TIMEOUT = 14 * 24 * HOUR;
const start = Date.now();

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: start }));
afterEach(() => vi.useRealTimers());

const offsetOf = (ack: Response) => ack.headers.get("BITS-Received-Content-Range");
const codeOf = (ack: Response) => ack.headers.get("BITS-Error-Code");

/** The clock shows another time, and the object's memory is gone: what it goes by is on disk. */
async function jumpTo(time: number, { object }: Conversation): Promise<void> {
  vi.setSystemTime(time);
  await evictDurableObject(object);
}

/** What the runtime does when a session's time may be over. */
async function wake({ object }: Conversation): Promise<void> {
  await runInDurableObject(object, (session) => session.alarm());
}

async function isStored(upload: Conversation): Promise<boolean> {
  return (await storedOf(upload)).record !== null;
}

test("an id that was issued in the future is good", async () => {
  const upload = await Conversation.begin("/uploads/of-the-future.bin");
  vi.setSystemTime(start - 3 * HOUR);
  expect(offsetOf(await upload.fragment(entityOf(10)))).toBe("10");
  expect((await upload.close()).status).toBe(200);
  expect(await commitsOf("/uploads/of-the-future.bin")).toHaveLength(1);
});

test.each([3 * HOUR, -3 * HOUR, TIMEOUT - HOUR])(
  "a clock that jumps by %d ms between packets loses nothing",
  async (jump) => {
    const destination = `/uploads/jump${jump}.bin`;
    const upload = await Conversation.begin(destination);
    await upload.fragment(entityOf(30), 0, 10);
    await jumpTo(start + jump, upload);
    await wake(upload);
    expect(offsetOf(await upload.fragment(entityOf(30), 10, 20))).toBe("20");
    await jumpTo(start, upload);
    await wake(upload);
    expect(offsetOf(await upload.fragment(entityOf(30), 20))).toBe("30");
    expect((await upload.close()).status).toBe(200);
    await jumpTo(start - jump, upload);
    expect((await upload.close()).status).toBe(200);
    expect(await commitsOf(destination)).toHaveLength(1);
  },
);

test("a session that came from the future is kept as much longer as the clock was ahead, and not for ever", async () => {
  const upload = await Conversation.begin("/uploads/kept.bin");
  await upload.fragment(entityOf(10), 0, 5);
  await jumpTo(start - 3 * HOUR, upload);
  expect(offsetOf(await upload.fragment(entityOf(10), 5, 6))).toBe("6");
  await jumpTo(start - 3 * HOUR + TIMEOUT, upload);
  await wake(upload);
  expect(await isStored(upload)).toBe(true);
  await jumpTo(start + TIMEOUT, upload);
  await wake(upload);
  expect(await isStored(upload)).toBe(false);
});

test("what is removed is unknown, though its id came from the future: no duplicate starts it again (ruling 22)", async () => {
  const destination = "/uploads/once.bin";
  const upload = await Conversation.begin(destination);
  vi.setSystemTime(start - 3 * HOUR);
  await upload.fragment(entityOf(10));
  expect((await upload.close()).status).toBe(200);

  // By the clock that it has now the tombstone is old; by that of its id it is not.
  await jumpTo(start - 3 * HOUR + TIMEOUT, upload);
  await wake(upload);
  const late = await upload.fragment(entityOf(10), 0, 5);
  expect([late.status, offsetOf(late)]).toEqual([200, "10"]);
  expect((await upload.close()).status).toBe(200);

  await jumpTo(start + 2 * TIMEOUT, upload);
  await wake(upload);
  expect(await isStored(upload)).toBe(false);
  expect(codeOf(await upload.fragment(entityOf(10), 0, 5))).toBe("0x8020001F");
  expect(await commitsOf(destination)).toHaveLength(1);
});

test("a clock that jumps past the timeout and comes back has lost nothing that was not removed meanwhile", async () => {
  const upload = await Conversation.begin("/uploads/back.bin");
  await upload.fragment(entityOf(10), 0, 5);
  await jumpTo(start + TIMEOUT, upload);
  expect(codeOf(await upload.fragment(entityOf(10), 5))).toBe("0x8020001F");
  await jumpTo(start, upload);
  expect(offsetOf(await upload.fragment(entityOf(10), 5))).toBe("10");
});

test.each([-3 * HOUR, 3 * HOUR])("a commit that was cut off goes on after a jump of %d ms", async (jump) => {
  const destination = `/uploads/orphan${jump}.bin`;
  const upload = await Conversation.begin(destination);
  await upload.fragment(entityOf(10));
  await orphan(upload);
  vi.setSystemTime(start + jump);
  const lines = watchLog(upload);
  await wake(upload);
  await eventually(async () => expect((await storedOf(upload)).record?.state).toBe("committed"));
  expect(await commitsOf(destination)).toMatchObject([{ bytes: 10, key: "the-key" }]);
  const orphaned = lines.find(({ outcome }) => outcome === "orphaned");
  expect(orphaned?.["milliseconds"]).toBe(Math.max(0, jump));
});
