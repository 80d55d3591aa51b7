import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import type { UploadSession } from "../../src/session/upload-session.ts";
import { commitsOf, Conversation, digestFieldOf, entityOf, storedAt } from "./packets.ts";
import { alarmOf, expectGone, IS_SHARED, load, storedOf } from "./stored-session.ts";
import { eventually } from "../support/eventually.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TIMEOUT_MS = 14 * DAY_MS;
const WHOLE = entityOf(20);
/** Sessions in every stored state; in this one the alarm has something else to do than to end it. */
const ENDING = Object.keys(inject("records")).filter((name) => name !== "committing");

afterEach(() => vi.useRealTimers());

/** Puts the clock there, and rings the alarm that is set. */
async function ringAt(time: number, { object }: Conversation): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: time });
  expect(await runDurableObjectAlarm(object)).toBe(true);
}

/** Calls the alarm's handler as the runtime does, whether one is set or not. */
async function ring({ object }: Conversation): Promise<void> {
  await runInDurableObject(object, (session) => session.alarm());
}

const codeOf = ({ headers }: Response) => headers.get("BITS-Error-Code");
const offsetOf = ({ headers }: Response) => headers.get("BITS-Received-Content-Range");

describe("The alarm of a session", () => {
  test.each(ENDING)("%s: rings early, and is set to the session's end, as often as it does", async (name) => {
    const upload = await load(name);
    const before = await storedOf(upload);
    await runDurableObjectAlarm(upload.object);
    const after = await storedOf(upload);
    expect(after).toEqual(before);
    expect(await alarmOf(upload)).toBeLessThanOrEqual(after.due ?? 0);

    // Where a piece came after the record was stored, the session's end has moved on since.
    await ringAt(after.due ?? 0, upload);
    const end = (await storedOf(upload)).due ?? after.due ?? 0;
    expect(end).toBeGreaterThanOrEqual((before.record?.changedAt ?? 0) + TIMEOUT_MS);
    if (end > (after.due ?? 0)) {
      await ringAt(end - 1, upload);
      expect(await storedOf(upload)).toEqual({ ...after, due: end });
      await ringAt(end, upload);
    }
    await expectGone(upload);
  });

  test.each(ENDING)("%s: rings hours late, twice, and after everything is gone", async (name) => {
    const upload = await load(name);
    await ringAt(((await storedOf(upload)).due ?? 0) + 5 * HOUR_MS, upload);
    for (let turn = 0; turn < 3; turn++) {
      await expectGone(upload);
      await ring(upload);
    }
    // And nobody knows the session any more.
    const acks = [await upload.fragment(WHOLE), await upload.close(), await upload.cancel()];
    expect(acks.map(codeOf)).toEqual(Array(3).fill("0x8020001F"));
    await expectGone(upload);
  });

  test.each([0, 5 * HOUR_MS, 20 * DAY_MS])(
    "of an orphan, %d ms late: the upload is committed once, however often it rings",
    async (late) => {
      const upload = await load("committing");
      const { record, due } = await storedOf(upload);
      const target = "/uploads/committing.bin?slow=300";
      const before = (await commitsOf(target)).length;
      vi.useFakeTimers({ toFake: ["Date"], now: (due ?? 0) + late });
      const now = Date.now();
      await runInDurableObject(upload.object, async (session) => {
        await Promise.all([session.alarm(), session.alarm(), session.alarm()]);
      });
      await ring(upload);
      await untilState("committed", upload);
      expect((await commitsOf(target)).slice(before)).toMatchObject([{ key: record?.commit?.id }]);
      const after = await storedOf(upload);
      expect(after.length).toBe(0);
      expect(after.due).toBeGreaterThanOrEqual(now + TIMEOUT_MS);
      expect((await upload.close()).status).toBe(200);
      expect((await commitsOf(target)).length).toBe(before + 1);
    },
  );

  test("of an object that has stored nothing: there is nothing afterwards, and a session can begin", async () => {
    const upload = await Conversation.begin("/uploads/nothing-stored.bin");
    await runInDurableObject(upload.object, (_, { storage }) => storage.setAlarm(Date.now() + DAY_MS));
    expect(await runDurableObjectAlarm(upload.object)).toBe(true);
    await expectGone(upload);
    expect(offsetOf(await upload.fragment(WHOLE))).toBe("20");
    expect((await upload.close()).status).toBe(200);
    expect(await storedAt("/uploads/nothing-stored.bin")).toEqual(WHOLE);
  });
});

test.each([
  ["whole with its first piece", 20],
  ["one of several pieces", 8],
])("the alarm of an upload that is %s is moved only to ring earlier", async (_, firstBytes) => {
  const upload = await Conversation.begin(`/uploads/moved-${firstBytes}.bin`);
  await upload.fragment(WHOLE, 0, firstBytes);
  const first = (await alarmOf(upload)) ?? Number.NaN;
  await upload.fragment(WHOLE, firstBytes);
  expect(await alarmOf(upload)).toBe(first);
  expect((await upload.close()).status).toBe(200);
  const last = (await alarmOf(upload)) ?? Number.NaN;
  // Somebody has to see to the commit soon; after it, whoever is woken sets the alarm to the end.
  expect(last).toBeLessThanOrEqual(Math.min(first, Date.now() + 10_000));
  if (firstBytes === WHOLE.length) expect(last).toBe(first);
  await ring(upload);
  expect((await storedOf(upload)).due).toBeGreaterThan(Date.now() + TIMEOUT_MS - HOUR_MS);
  if (!IS_SHARED) expect(await alarmOf(upload)).toBe((await storedOf(upload)).due);
});

describe("An alarm that rings", () => {
  test("while a Fragment comes in: what is stored stays, and the upload goes on", async () => {
    const upload = await Conversation.begin("/uploads/ringing.bin");
    const entity = entityOf(2_500_000);
    const { send, ack } = beginFragment(upload, entity);
    await send(0, 1_200_000);
    await eventually(async () => expect((await storedOf(upload)).length).toBe(1_048_576));
    const { due } = await storedOf(upload);
    for (let turn = 0; turn < 2; turn++) {
      expect(await runDurableObjectAlarm(upload.object)).toBe(true);
      expect((await storedOf(upload)).due).toBeGreaterThanOrEqual(due ?? Number.NaN);
    }
    await send(1_200_000, entity.length);
    expect(offsetOf(await ack)).toBe("2500000");
    expect((await upload.close()).status).toBe(200);
    expect(await storedAt("/uploads/ringing.bin")).toEqual(entity);
  });

  test.each(["a Fragment", "a Fragment with a digest"])(
    "when the session's time ends inside %s: the client is told that it is unknown",
    async (fragment) => {
      const upload = await Conversation.begin("/uploads/too-slow.bin");
      const entity = entityOf(2_500_000);
      const digest = { "Content-Digest": await digestFieldOf(entity) };
      const { send, ack } = beginFragment(upload, entity, fragment === "a Fragment" ? {} : digest);
      await send(0, 1_200_000);
      await eventually(async () => expect((await storedOf(upload)).record).not.toBeNull());
      await ringAt(Date.now() + TIMEOUT_MS + HOUR_MS, upload);
      await send(1_200_000, entity.length);
      expect(codeOf(await ack)).toBe("0x8020001F");
      await expectGone(upload);
    },
  );

  test("while a commit runs: sees that it does, sets itself ahead, and goes; it makes no other", async () => {
    const destination = "/uploads/ringing-in-commit.bin?slow=1500";
    const upload = await Conversation.begin(destination);
    await upload.fragment(WHOLE);
    const closing = upload.close();
    await untilState("committing", upload);
    await Promise.all([ring(upload), ring(upload)]);
    expect((await storedOf(upload)).record?.state).toBe("committing");
    expect(await alarmOf(upload)).toBeLessThanOrEqual(Date.now() + 10_000);
    expect((await closing).status).toBe(200);
    expect((await storedOf(upload)).record?.state).toBe("committed");
    expect(await commitsOf(destination)).toHaveLength(1);
    // What is set meanwhile may ring before that, and finds nothing to do.
    await ring(upload);
    expect((await storedOf(upload)).due).toBeGreaterThan(Date.now() + TIMEOUT_MS - HOUR_MS);
  });

  test("while a commit runs, after the session's time: the commit counts all the same", async () => {
    const destination = "/uploads/ringing-late-in-commit.bin?slow=500";
    const upload = await Conversation.begin(destination);
    await upload.fragment(WHOLE);
    const closing = upload.close();
    await untilState("committing", upload);
    await ringAt(Date.now() + TIMEOUT_MS + HOUR_MS, upload);
    expect((await closing).status).toBe(200);
    expect((await upload.close()).status).toBe(200);
    expect(await commitsOf(destination)).toHaveLength(1);
    // What is set meanwhile may ring before that, and finds nothing to do.
    await ring(upload);
    expect((await storedOf(upload)).due).toBeGreaterThan(Date.now() + TIMEOUT_MS - HOUR_MS);
  });

  test("while Cancel-Session waits for a commit: both have their way, and there is one commit", async () => {
    const destination = "/uploads/ringing-in-cancel.bin?slow=500";
    const upload = await Conversation.begin(destination);
    await upload.fragment(WHOLE);
    const closing = upload.close();
    await untilState("committing", upload);
    const cancelling = upload.cancel();
    await Promise.all([ring(upload), ring(upload)]);
    expect([(await closing).status, (await cancelling).status]).toEqual([200, 200]);
    expect(await commitsOf(destination)).toHaveLength(1);
    // Ruling 21: what the application has it keeps.
    await untilState("committed", upload);
  });

  test("where the configuration cannot be read: changes nothing, and rings again a minute later", async () => {
    const upload = await load("committing");
    const before = await storedOf(upload);
    vi.useFakeTimers({ toFake: ["Date"], now: before.due ?? 0 });
    await runInDurableObject(upload.object, (session) => misconfigure(session));
    // More often than the runtime calls a handler that throws.
    for (let turn = 0; turn < 8; turn++) {
      expect(await runDurableObjectAlarm(upload.object)).toBe(true);
      expect(await storedOf(upload)).toEqual(before);
      expect(await alarmOf(upload)).toBe(Date.now() + 60_000);
    }
    await evictDurableObject(upload.object); // the next life reads the configuration anew
  });
});

async function untilState(state: string, upload: Conversation): Promise<void> {
  await eventually(async () => expect((await storedOf(upload)).record?.state).toBe(state));
}

/** What a deployment with a wrong variable does to an object. */
function misconfigure(session: UploadSession): void {
  Object.defineProperty(session, "config", {
    value: () => {
      throw new Error("UPLOAD_DIRECTORIES is no list");
    },
  });
}

/** A Fragment of a whole entity whose bytes come when they are sent. */
function beginFragment(
  upload: Conversation,
  entity: Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): { send: (first: number, end: number) => Promise<void>; ack: Promise<Response> } {
  const body = new FixedLengthStream(entity.length);
  const writer = body.writable.getWriter();
  const range = `bytes 0-${entity.length - 1}/${entity.length}`;
  const announced = { ...headers, "Content-Range": range, "Content-Length": String(entity.length) };
  return {
    // A body that nobody reads to its end is no fault of who sends it.
    send: async (first, end) => {
      await writer.write(entity.subarray(first, end)).catch(() => undefined);
    },
    ack: upload.send("Fragment", announced, body.readable),
  };
}
