import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { commitsOf, type Conversation, entityOf } from "./packets.ts";
import { alarmOf, load, setRecord, storedOf } from "./stored-session.ts";
import { watchLog } from "./watch-log.ts";

const WHOLE = entityOf(20);

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A session that an edge of a later version has stored, before that was taken back. */
async function loadNewer(name: string): Promise<Conversation> {
  return await load(name, (sql) => sql.replace('"version":2', '"version":3'));
}

/** As the origin sees it. */
const targetOf = ({ url }: Conversation): string => url.replace("http://edge.example", "");

/** Status, code and context. */
const said = ({ status, headers }: Response) => [
  status,
  headers.get("BITS-Error-Code"),
  headers.get("BITS-Error-Context"),
];

test.each(["receiving", "committing", "replied", "committed"])(
  "a record of a newer version (%s): every packet is told to come back, and nothing of it changes",
  async (name) => {
    const upload = await loadNewer(name);
    const lines = watchLog(upload);
    const before = await storedOf(upload);
    const commits = (await commitsOf(targetOf(upload))).length;
    const digest = { "Content-Digest": `sha-256=:${btoa("0".repeat(32))}:` };
    const acks = [
      await upload.fragment(WHOLE, 12),
      await upload.send("Fragment", { "Content-Range": "bytes 12-19/20", ...digest }, WHOLE.slice(12)),
      await upload.send("Fragment", { "Content-Range": "bytes 9-1/20" }),
      await upload.close(),
      await upload.cancel(),
    ];
    expect(acks.map(said)).toEqual(acks.map(() => [503, "0x801901F7", "0x5"]));
    expect(await storedOf(upload)).toEqual(before);
    expect(await commitsOf(targetOf(upload))).toHaveLength(commits);
    const failed = { event: "failed", error: expect.stringContaining("newer version") };
    expect(lines).toMatchObject(acks.map(() => failed));
  },
);

test.each(["receiving", "committing", "committed"])(
  "its alarm (%s) changes nothing, commits nothing, and rings again a minute later",
  async (name) => {
    const upload = await loadNewer(name);
    const before = await storedOf(upload);
    const now = before.record?.changedAt ?? 0;
    vi.useFakeTimers({ toFake: ["Date"], now: now + 100 * 86_400_000 });
    const [commits, startedAt] = [(await commitsOf(targetOf(upload))).length, Date.now()];
    const lines = watchLog(upload);
    for (let ring = 0; ring < 8; ring++) {
      expect(await runDurableObjectAlarm(upload.object)).toBe(true);
      expect(await storedOf(upload)).toEqual(before);
      expect(await alarmOf(upload)).toBe(startedAt + 60_000);
    }
    expect(await commitsOf(targetOf(upload))).toHaveLength(commits);
    expect(lines[0]).toMatchObject({
      event: "failed",
      during: "alarm",
      session: before.record?.sessionId,
      error: expect.stringContaining("newer version"),
    });
  },
);

test("a newer record of a shape that this edge does not know is kept all the same", async () => {
  const upload = await load("receiving");
  await setRecord(upload, "json_object('version', 3, 'was', json(record))");
  await evictDurableObject(upload.object);
  const before = await storedOf(upload);
  vi.useFakeTimers({ toFake: ["Date"], now: (before.due ?? 0) + 100 * 86_400_000 });
  const now = Date.now();
  expect(await runDurableObjectAlarm(upload.object)).toBe(true);
  expect(await storedOf(upload)).toEqual(before);
  expect((await upload.cancel()).status).toBe(503);
  expect(await storedOf(upload)).toEqual(before);
  expect(await alarmOf(upload)).toBe(now + 60_000);
});

test("an edge that can read it goes on where it stood", async () => {
  const upload = await loadNewer("receiving");
  expect((await upload.fragment(WHOLE, 12)).status).toBe(503);
  await setRecord(upload, "json_set(record, '$.version', 2)");
  await evictDurableObject(upload.object);
  expect((await upload.fragment(WHOLE, 12)).headers.get("BITS-Received-Content-Range")).toBe("20");
});
