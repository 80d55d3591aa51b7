import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { SessionId } from "../../src/protocol/session-id.ts";
import { Listing } from "../../src/session/listing.ts";
import type { ListQuery, SessionSummary } from "../../src/session/operator-calls.ts";
import { SessionTables } from "../../src/session/session-tables.ts";
import { Conversation, entityOf, nameOf } from "./packets.ts";

const EVERYTHING: ListQuery = { after: null, limit: 1_000 };
const HOUR_MS = 60 * 60 * 1000;

/** A row of a session that nobody has heard of. */
function rowOf(session: string, fields: Partial<SessionSummary> = {}): SessionSummary {
  return {
    session: session as SessionId,
    directory: "/uploads/",
    client: "192.0.2.1",
    destination: `/uploads/${session}`,
    total: 10,
    offset: 5,
    state: "receiving",
    attempts: 0,
    lastOutcome: null,
    changedAt: 1_000,
    until: Date.now() + HOUR_MS,
    ...fields,
  };
}

function indexOf(name: string) {
  if (env.SESSION_INDEX === undefined) throw new Error("SESSION_INDEX is not bound");
  return env.SESSION_INDEX.getByName(name);
}

async function statesOf(name: string): Promise<Record<string, string>> {
  const { rows } = await indexOf(name).find(EVERYTHING);
  return Object.fromEntries(rows.map(({ session }) => [session.session, session.state]));
}

test("a row whose time is over is asked for: it goes with its session, or is put right", async () => {
  const conversation = await Conversation.begin("/uploads/indexed.bin");
  const entity = entityOf(10);
  expect((await conversation.fragment(entity, 0, 10)).status).toBe(200);
  expect((await conversation.close()).status).toBe(200);
  const gone = "00000000-0000-0000-0000-000000000001";
  const open = "00000000-0000-0000-0000-000000000002";
  const index = indexOf("sweep");
  await index.put(rowOf(nameOf(conversation), { until: 0 }));
  await index.put(rowOf(gone, { until: 0 }));
  await index.put(rowOf(open));
  expect(await runDurableObjectAlarm(index)).toBe(true);
  expect(await statesOf("sweep")).toEqual({ [nameOf(conversation)]: "committed", [open]: "receiving" });
  // There are rows, so somebody looks again.
  const again = await runInDurableObject(index, async (_, { storage }) => storage.getAlarm());
  expect(again).toBeGreaterThan(Date.now());
});

test("an index that has no row any more sets no alarm", async () => {
  const index = indexOf("empty");
  await index.put(rowOf("00000000-0000-0000-0000-000000000003", { until: 0 }));
  await runDurableObjectAlarm(index);
  expect(await statesOf("empty")).toEqual({});
  expect(await runDurableObjectAlarm(index)).toBe(false);
});

test("a row that is told late does not overtake one that changed after it; the session's own word does", async () => {
  const session = "00000000-0000-0000-0000-000000000004";
  const index = indexOf("late");
  await index.put(rowOf(session, { state: "committed", changedAt: 2_000 }));
  await index.put(rowOf(session, { state: "committing", changedAt: 1_500 }));
  expect(await statesOf("late")).toEqual({ [session]: "committed" });
  await index.correct(session as SessionId, rowOf(session, { state: "failed", changedAt: 1_500 }));
  expect(await statesOf("late")).toEqual({ [session]: "failed" });
});

test("one call looks at a bounded number of rows, says how far it came, and the next goes on there", async () => {
  const ROWS = 5_500;
  const pages = await runInDurableObject(indexOf("long"), (_, { storage }) => {
    const listing = new Listing(new SessionTables(storage));
    storage.transactionSync(() => {
      for (let number = 0; number < ROWS; number++) {
        const path = number === 0 ? "/uploads/needle" : `/uploads/hay-${number}`;
        listing.put(rowOf(`session ${number}`, { changedAt: number, destination: path }), number);
      }
    });
    const first = listing.find({ ...EVERYTHING, path: "/uploads/needle" });
    const second = listing.find({ ...EVERYTHING, path: "/uploads/needle", after: first.end });
    return { first, second };
  });
  expect(pages.first).toEqual({
    rows: [],
    end: { changed: ROWS - 5_000, session: `session ${ROWS - 5_000}` },
  });
  expect(pages.second.rows.map(({ session }) => session.session)).toEqual(["session 0"]);
  expect(pages.second.end).toBeNull();
});
