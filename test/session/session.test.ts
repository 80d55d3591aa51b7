import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { Conversation, commitsOf, entityOf, storedAt } from "./packets.ts";
import { alarmOf, expectGone, IS_SHARED, orphan, piecesOf, storedOf, storePiece } from "./stored-session.ts";
import { eventually } from "../support/eventually.ts";

const offsetOf = (ack: Response) => ack.headers.get("BITS-Received-Content-Range");
const codeOf = (ack: Response) => ack.headers.get("BITS-Error-Code");

/** Each conversation runs twice: in one instance of the object, and with the object evicted between packets. */
const LIVES = [
  ["in one life", async () => {}],
  ["evicted between packets", async (of: Conversation) => evictDurableObject(of.object)],
] as const;

test.each(LIVES)("an upload in three Fragments is committed once, %s", async (life, interrupt) => {
  const destination = `/uploads/three-${life.length}.bin`;
  const upload = await Conversation.begin(destination);
  const entity = entityOf(3000);
  expect(offsetOf(await upload.fragment(entity, 0, 1000))).toBe("1000");
  await interrupt(upload);
  expect(offsetOf(await upload.fragment(entity, 500, 2000))).toBe("2000"); // ruling 9: overlap
  await interrupt(upload);
  expect(offsetOf(await upload.fragment(entity, 0, 1000))).toBe("2000"); // ruling 9: duplicate
  const gap = await upload.fragment(entity, 2001, 3000);
  expect([gap.status, offsetOf(gap), codeOf(gap)]).toEqual([416, "2000", null]);
  await interrupt(upload);
  expect(offsetOf(await upload.fragment(entity, 2000))).toBe("3000");
  await interrupt(upload);
  expect((await upload.close()).status).toBe(200);
  await interrupt(upload);
  expect((await upload.close()).status).toBe(200); // ruling 18
  const after = await upload.fragment(entity, 2000);
  expect([after.status, offsetOf(after)]).toEqual([200, "3000"]); // ruling 22
  expect((await upload.cancel()).status).toBe(200); // ruling 21
  expect(await commitsOf(destination)).toMatchObject([{ method: "PUT", bytes: 3000 }]);
  expect(await storedAt(destination)).toEqual(entity);
});

test.each(LIVES)(
  "a commit that failed is repeated with the same key, %s (ruling 17)",
  async (life, interrupt) => {
    const destination = `/uploads/failing-${life.length}.bin?answer=507`;
    const upload = await Conversation.begin(destination);
    await upload.fragment(entityOf(10));
    for (let attempt = 0; attempt < 3; attempt++) {
      await interrupt(upload);
      const ack = await upload.close();
      expect([ack.status, codeOf(ack), ack.headers.get("BITS-Error-Context")]).toEqual([
        507,
        "0x801901FB",
        "0x7",
      ]);
    }
    const commits = await commitsOf(destination);
    expect(commits).toHaveLength(3);
    expect(new Set(commits.map(({ key }) => key)).size).toBe(1);
  },
);

test.each(LIVES)("403 is replayed and not asked again, %s (ruling 17)", async (life, interrupt) => {
  const destination = `/uploads/refused-${life.length}.bin?answer=403`;
  const upload = await Conversation.begin(destination);
  await upload.fragment(entityOf(10));
  for (let attempt = 0; attempt < 3; attempt++) {
    await interrupt(upload);
    expect((await upload.close()).status).toBe(403);
  }
  expect(await commitsOf(destination)).toHaveLength(1);
});

test("ten Close-Sessions at once make one commit and get one result (ruling 18)", async () => {
  const destination = "/uploads/ten.bin?slow=300";
  const upload = await Conversation.begin(destination);
  await upload.fragment(entityOf(5000));
  const acks = await Promise.all(Array.from({ length: 10 }, async () => upload.close()));
  expect(acks.map(({ status }) => status)).toEqual(Array(10).fill(200));
  expect(await commitsOf(destination)).toHaveLength(1);
});

test("Create-Session and Ping store nothing; the first Fragment does", async () => {
  const upload = await Conversation.begin("/uploads/lazy.bin");
  await upload.send("Ping");
  await expectGone(upload);
  await upload.fragment(entityOf(10), 0, 5);
  expect(await storedOf(upload)).toMatchObject({ record: { state: "receiving", total: 10 }, length: 5 });
});

test("a piece is one row: bytes and offset cannot disagree", async () => {
  const upload = await Conversation.begin("/uploads/rows.bin");
  const entity = entityOf(2 * 1024 * 1024 + 5);
  await upload.fragment(entity);
  expect(await piecesOf(upload)).toEqual([
    { offset: 0, length: 1048576 },
    { offset: 1048576, length: 1048576 },
    { offset: 2097152, length: 5 },
  ]);
});

test("an upload that was committed leaves no byte behind, only its record", async () => {
  const upload = await Conversation.begin("/uploads/released.bin");
  await upload.fragment(entityOf(3 * 1024 * 1024));
  expect((await upload.close()).status).toBe(200);
  await eventually(async () => expect(await storedOf(upload)).toMatchObject({ length: 0, replyLength: 0 }));
  expect((await storedOf(upload)).record?.state).toBe("committed");
  const bytes = await runInDurableObject(upload.object, (_, { storage: { sql } }) => sql.databaseSize);
  if (!IS_SHARED) expect(bytes).toBeLessThan(1024 * 1024);
});

test("the session timeout removes everything, the tombstone too (ruling 23)", async () => {
  const upload = await Conversation.begin("/short/expired.bin");
  await upload.fragment(entityOf(10), 0, 5);
  await eventually(
    async () => expect(codeOf(await upload.fragment(entityOf(10), 9, 10))).toBe("0x8020001F"),
    {
      intervalMilliseconds: 1100, // a packet that is accepted starts the time again
    },
  );
  await runDurableObjectAlarm(upload.object);
  await expectGone(upload);
  expect(codeOf(await upload.close())).toBe("0x8020001F");
});

test("an alarm that comes early only sets the next one", async () => {
  const upload = await Conversation.begin("/uploads/early.bin");
  await upload.fragment(entityOf(10), 0, 5);
  expect(await runDurableObjectAlarm(upload.object)).toBe(true);
  expect(offsetOf(await upload.fragment(entityOf(10), 5))).toBe("10");
  expect((await storedOf(upload)).due).toBeGreaterThan(Date.now() + 1_000_000_000);
  if (!IS_SHARED) expect(await alarmOf(upload)).toBe((await storedOf(upload)).due);
});

test("an object that died in a commit goes on by alarm, without any client (ruling 19)", async () => {
  const upload = await Conversation.begin("/uploads/orphan.bin");
  await upload.fragment(entityOf(10));
  await orphan(upload);
  await runInDurableObject(upload.object, (session) => session.alarm());
  await eventually(async () => expect((await storedOf(upload)).record?.state).toBe("committed"));
  expect(await commitsOf("/uploads/orphan.bin")).toMatchObject([{ bytes: 10, key: "the-key" }]);
  expect((await upload.close()).status).toBe(200);
  expect(await commitsOf("/uploads/orphan.bin")).toHaveLength(1);
});

test("… or with the next Close-Session, and the same key", async () => {
  const upload = await Conversation.begin("/notify/orphan.bin");
  await upload.fragment(entityOf(10));
  await orphan(upload);
  expect((await upload.close()).status).toBe(200);
});

test("… to its end, where the application wants the file at its destination and nobody closes again", async () => {
  const upload = await Conversation.begin("/notify/copied.bin?copy=1");
  await upload.fragment(entityOf(10));
  await orphan(upload);
  await runInDurableObject(upload.object, (session) => session.alarm());
  await eventually(async () => expect((await storedOf(upload)).record?.state).toBe("committed"));
  const ways = [{ method: "POST" }, { method: "PUT", bytes: 10 }];
  expect(await commitsOf("/notify/copied.bin?copy=1")).toMatchObject(ways);
  expect(await storedAt("/notify/copied.bin?copy=1")).toEqual(entityOf(10));
  expect((await upload.close()).status).toBe(200);
  expect(await commitsOf("/notify/copied.bin?copy=1")).toMatchObject(ways);
});

test("… but not before Close-Session, where the application was told without it", async () => {
  const upload = await Conversation.begin("/at-once/copied.bin?copy=1&early=1");
  await upload.fragment(entityOf(10), 0, 5);
  // The edge dies with the last Fragment stored and the notification sent.
  await storePiece(upload, 5, entityOf(10).slice(5));
  await orphan(upload);
  await runInDurableObject(upload.object, (session) => session.alarm());
  await eventually(async () => expect((await storedOf(upload)).record?.state).toBe("delivered"));
  expect(await commitsOf("/at-once/copied.bin?copy=1&early=1")).toMatchObject([{ method: "POST" }]);
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt("/at-once/copied.bin?copy=1&early=1")).toEqual(entityOf(10));
});

test("a directory that holds uploads of unknown outcome does not send them again (ruling 19)", async () => {
  const upload = await Conversation.begin("/hold/orphan.bin");
  await upload.fragment(entityOf(10));
  await orphan(upload);
  for (let attempt = 0; attempt < 2; attempt++) {
    const ack = await upload.close();
    expect([ack.status, ack.headers.get("BITS-Error-Context")]).toEqual([503, "0x7"]);
  }
  expect(await commitsOf("/hold/orphan.bin")).toEqual([]);
});

test("a PUT that arrived although its answer was lost is recognised by its bytes", async () => {
  const destination = "/uploads/arrived.bin?lost=1";
  const upload = await Conversation.begin(destination);
  await upload.fragment(entityOf(100_000));
  const first = await upload.close();
  expect([first.status, codeOf(first)]).toEqual([502, "0x80072EFE"]);
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt(destination)).toEqual(entityOf(100_000));
});

test("racing connections leave exact bytes", async () => {
  const upload = await Conversation.begin("/uploads/race.bin");
  const entity = entityOf(1_500_000);
  const cuts = [0, 300_000, 700_000, 1_100_000];
  await Promise.all(
    cuts.flatMap((first) => [upload.fragment(entity, first), upload.fragment(entity, 0, first + 1)]),
  );
  await upload.fragment(entity);
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt("/uploads/race.bin")).toEqual(entity);
});
