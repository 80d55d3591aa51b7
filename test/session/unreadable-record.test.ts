import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { commitsOf, type Conversation, entityOf, nameOf } from "./packets.ts";
import { alarmOf, expectGone, load, makeDue, rawOf, setRecord } from "./stored-session.ts";
import { watchLog } from "./watch-log.ts";

const DAY_MS = 86_400_000;
const TIMEOUT_MS = 14 * DAY_MS;
const WHOLE = entityOf(20);

/** What is done to the record of a session that was receiving, in SQL. */
const BREAKAGES: readonly (readonly [what: string, record: string])[] = [
  ["text that is no JSON", "'no JSON'"],
  ["nothing", "''"],
  ["half a record", "substr(record, 1, 200)"],
  ["bytes", "X'00FF7B7D'"],
  ["null", "'null'"],
  ["a number", "'17'"],
  ["a string", "'\"text\"'"],
  ["a list", "'[]'"],
  ["an empty object", "'{}'"],
  ["a record without a version", "json_remove(record, '$.version')"],
  ["a version that is no number", "json_set(record, '$.version', 'two')"],
  ["a version that there never was", "json_set(record, '$.version', 0)"],
  ["a version beyond all numbers", "replace(record, '\"version\":2', '\"version\":1e999')"],
  ["an unheard-of state", "json_set(record, '$.state', 'asleep')"],
  ["no state", "json_remove(record, '$.state')"],
  ["a time that is text", "json_set(record, '$.changedAt', 'soon')"],
  ["no time", "json_set(record, '$.issuedAt', NULL)"],
  ["a time that no alarm can be set to", "replace(record, '\"changedAt\":4', '\"changedAt\":4000')"],
  ["a time beyond all times", 'replace(record, \'"changedAt":4\', \'"changedAt":1e999,"was":4\')'],
  ["another's name", "json_set(record, '$.sessionId', 'somebody')"],
  ["no destination", "json_remove(record, '$.destination')"],
  ["a length that is text", "json_set(record, '$.total', '20')"],
  ["a commit that is none", "json_set(record, '$.commit', 'done')"],
  ["a fault that is none", 'json_set(record, \'$.commit\', json(\'{"id":"","attempts":1,"fault":1}\'))'],
  ["a delivery that is none", "json_set(record, '$.delivery', json('{\"at\":\"once\"}'))"],
];
const SOME = BREAKAGES.filter(([what]) => /no JSON|null|empty object|time that is text/.test(what));

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A session with 12 of 20 bytes whose record was overwritten, in a new life of its object. */
async function loadBroken(record: string): Promise<Conversation> {
  const upload = await load("receiving");
  await setRecord(upload, record);
  await makeDue(upload);
  await evictDurableObject(upload.object);
  return upload;
}

/** When Create-Session was answered, as the id has it. */
const issuedAtOf = (upload: Conversation) => Number.parseInt(nameOf(upload).slice(0, 8), 16) * 1000;

describe.each(BREAKAGES)("%s in place of a session's record:", (_, record) => {
  test("every packet but Cancel-Session is told to come back, and nothing changes", async () => {
    const upload = await loadBroken(record);
    const before = await rawOf(upload);
    const lines = watchLog(upload);
    const acks = [
      await upload.fragment(WHOLE, 12),
      await upload.send("Fragment", { "Content-Range": "bytes 9-1/20" }),
      await upload.close(),
    ];
    expect(acks.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(lines).toMatchObject(
      acks.map(() => ({ event: "failed", session: nameOf(upload), error: expect.stringContaining("read") })),
    );
    expect(await rawOf(upload)).toEqual(before);
  });

  test("its alarm comes back every minute, until the session can be none any more; then all is removed", async () => {
    const upload = await loadBroken(record);
    const stored = await rawOf(upload);
    const end = issuedAtOf(upload) + TIMEOUT_MS;
    const lines = watchLog(upload);
    vi.useFakeTimers({ toFake: ["Date"] });
    for (const now of [end - DAY_MS, end - 60_000, end - 1]) {
      vi.setSystemTime(now);
      expect(await runDurableObjectAlarm(upload.object)).toBe(true);
      expect(await rawOf(upload)).toEqual(stored);
      expect(await alarmOf(upload)).toBe(now + 60_000);
      await evictDurableObject(upload.object);
    }
    const failed = { event: "failed", during: "alarm", session: nameOf(upload) };
    expect(lines).toMatchObject([failed, failed, failed]);

    vi.setSystemTime(end);
    expect(await runDurableObjectAlarm(upload.object)).toBe(true);
    await expectGone(upload);
    expect(lines.slice(3)).toEqual([
      {
        at: expect.any(String),
        event: "expired",
        session: nameOf(upload),
        directory: null,
        destination: null,
        client: null,
        offset: 12,
        state: "unreadable",
      },
    ]);
    expect((await upload.close()).headers.get("BITS-Error-Code")).toBe("0x8020001F");
  });
});

test.each(SOME)("%s: Cancel-Session removes everything, and nothing was committed", async (_, record) => {
  const upload = await loadBroken(record);
  const destination = new URL(upload.url).pathname;
  const commits = (await commitsOf(destination)).length;
  const lines = watchLog(upload);
  expect((await upload.cancel()).status).toBe(200);
  await expectGone(upload);
  expect(await commitsOf(destination)).toHaveLength(commits);
  expect(lines).toMatchObject([
    { event: "cancelled", session: nameOf(upload), directory: "/uploads/", destination, offset: 12 },
    { event: "acked", packet: "Cancel-Session", status: 200 },
  ]);
});

test("where a directory's timeout is longer than two weeks, the session is kept as long", async () => {
  const upload = await loadBroken("'no JSON'");
  const config = readConfig(env);
  const directories = config.directories.map((directory) =>
    directory.path === "/hold/" ? { ...directory, sessionTimeoutSeconds: (30 * DAY_MS) / 1000 } : directory,
  );
  vi.useFakeTimers({ toFake: ["Date"], now: issuedAtOf(upload) + 30 * DAY_MS - 1 });
  await runInDurableObject(upload.object, (session) => {
    Object.defineProperty(session, "config", { value: () => ({ ...config, directories }) });
  });
  const stored = await rawOf(upload);
  expect(await runDurableObjectAlarm(upload.object)).toBe(true);
  expect(await rawOf(upload)).toEqual(stored);
  expect(await alarmOf(upload)).toBe(Date.now() + 60_000);
  vi.setSystemTime(Date.now() + 1);
  expect(await runDurableObjectAlarm(upload.object)).toBe(true);
  await expectGone(upload);
});

test("a record that somebody has repaired is gone on with where it stood", async () => {
  const upload = await loadBroken("json_set(record, '$.state', 'asleep')");
  expect((await upload.fragment(WHOLE, 12)).status).toBe(503);
  await setRecord(upload, "json_set(record, '$.state', 'receiving')");
  await evictDurableObject(upload.object);
  expect((await upload.fragment(WHOLE, 12)).headers.get("BITS-Received-Content-Range")).toBe("20");
});
