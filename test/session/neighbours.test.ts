import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ListPage, Position } from "../../src/session/operator-calls.ts";
import { commitsOf, Conversation, entityOf, nameOf, storedAt } from "./packets.ts";
import { expectNoStrayBytes, IS_SHARED, makeDue, orphan, setRecord, storedOf } from "./stored-session.ts";
import { eventually } from "../support/eventually.ts";

/** Sessions that live in one object, if the project has them share one; alone, each of these holds all the more. */
const WHOLE = entityOf(3000);
const offsetOf = (ack: Response) => ack.headers.get("BITS-Received-Content-Range");

afterEach(() => vi.useRealTimers());

/** A session with the first half of its upload, and what comes of the rest. */
async function beginHalf(name: string): Promise<{ upload: Conversation; goesOn: () => Promise<void> }> {
  const destination = `/uploads/neighbour-${name}.bin`;
  const upload = await Conversation.begin(destination);
  expect(offsetOf(await upload.fragment(WHOLE, 0, 1500))).toBe("1500");
  return {
    upload,
    async goesOn() {
      expect(offsetOf(await upload.fragment(WHOLE, 1500))).toBe("3000");
      expect((await upload.close()).status).toBe(200);
      expect(await storedAt(destination)).toEqual(WHOLE);
      expect(await commitsOf(destination)).toHaveLength(1);
    },
  };
}

const rowsOf = ({ rows }: ListPage) => rows.map(({ session }) => session);

/** What the pages of an object's list say of one session. */
async function listed(of: Conversation): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let after: Position | null = null, isFirst = true; isFirst || after !== null; isFirst = false) {
    const page = await of.object.find({ after, limit: 1 });
    all.push(...rowsOf(page).filter(({ session }) => session === nameOf(of)));
    after = page.end;
  }
  return all;
}

test("sessions of these tests live where the project says", async () => {
  const [one, other] = [await beginHalf("one"), await beginHalf("other")];
  expect(one.upload.object.id.equals(other.upload.object.id)).toBe(IS_SHARED);
  await Promise.all([one.goesOn(), other.goesOn()]);
});

describe("A session goes on as if nothing were, beside one", () => {
  test("whose record is broken, though both are due", async () => {
    const { upload, goesOn } = await beginHalf("of-a-broken");
    const broken = await beginHalf("broken");
    await setRecord(broken.upload, "'no JSON'");
    for (const due of [broken.upload, upload]) await makeDue(due);
    await evictDurableObject(upload.object);
    await runDurableObjectAlarm(upload.object);
    expect((await storedOf(upload)).due).toBeGreaterThan(Date.now() + 60_000);
    await goesOn();
  });

  test("that is cancelled while both send, and whose bytes are swept", async () => {
    const { upload, goesOn } = await beginHalf("of-a-cancelled");
    const large = await Conversation.begin("/uploads/neighbour-large.bin");
    const entity = entityOf(9_000_000);
    await large.fragment(entity);
    const [cancelled] = await Promise.all([large.cancel(), goesOn()]);
    expect(cancelled.status).toBe(200);
    await eventually(async () => expect((await storedOf(large)).length).toBe(0));
    expect((await storedOf(upload)).record?.state).toBe("committed");
    await expectNoStrayBytes(upload);
  });

  test("whose origin takes its time", async () => {
    const slow = await Conversation.begin("/uploads/neighbour-slow.bin?slow=3000");
    await slow.fragment(WHOLE);
    const closing = slow.close();
    await eventually(async () => expect((await storedOf(slow)).record?.state).toBe("committing"));
    await (await beginHalf("of-a-slow")).goesOn();
    expect((await storedOf(slow)).record?.state).toBe("committing");
    expect((await closing).status).toBe(200);
  });

  test("of which an earlier life was in a commit: the alarm takes that up, and this one's stays as it is", async () => {
    const { upload, goesOn } = await beginHalf("of-an-orphan");
    const orphaned = await Conversation.begin("/uploads/neighbour-orphan.bin");
    await orphaned.fragment(WHOLE);
    await orphan(orphaned);
    const before = await storedOf(upload);
    await runDurableObjectAlarm(upload.object);
    await runInDurableObject(orphaned.object, (session) => session.alarm());
    await eventually(async () => expect((await storedOf(orphaned)).record?.state).toBe("committed"));
    expect(await storedOf(upload)).toEqual(before);
    await goesOn();
  });

  test("whose time is over", async () => {
    const short = await Conversation.begin("/short/neighbour.bin");
    await short.fragment(WHOLE, 0, 1500);
    const { upload, goesOn } = await beginHalf("of-an-expired");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
    await runInDurableObject(short.object, (session) => session.alarm());
    vi.useRealTimers();
    expect((await storedOf(short)).record).toBeNull();
    await expectNoStrayBytes(upload);
    await goesOn();
  });
});

describe("The sessions of an object are listed", () => {
  test("page by page, with what their operator wants to know, though none is loaded for it", async () => {
    const destination = "/uploads/listed.bin";
    const upload = await Conversation.begin(`${destination}?secret=1`);
    await upload.fragment(WHOLE, 0, 1500);
    const refused = await Conversation.begin("/uploads/listed-refused.bin?answer=507");
    await refused.fragment(WHOLE);
    await refused.close();
    const times = { changedAt: expect.any(Number), until: expect.any(Number) };
    const whose = { directory: "/uploads/", client: null, total: 3000, ...times };
    expect(await listed(upload)).toEqual([
      {
        session: nameOf(upload),
        destination,
        offset: 1500,
        state: "receiving",
        attempts: 0,
        lastOutcome: null,
        ...whose,
      },
    ]);
    expect(await listed(refused)).toMatchObject([
      {
        destination: "/uploads/listed-refused.bin",
        offset: 3000,
        state: "failed",
        attempts: 1,
        lastOutcome: "applicationRefused",
      },
    ]);
    const failed = rowsOf(await refused.object.find({ after: null, limit: 1000, state: "failed" }));
    expect(failed.map(({ session }) => session)).toContain(nameOf(refused));
    expect(failed.map(({ session }) => session)).not.toContain(nameOf(upload));
    expect(rowsOf(await refused.object.find({ after: null, limit: 9, directory: "/hold/" }))).toEqual([]);
  });

  test("a broken record too", async () => {
    const { upload } = await beginHalf("listed-broken");
    await setRecord(upload, "'no JSON'");
    const sessions = rowsOf(await upload.object.find({ after: null, limit: 1000 }));
    expect(sessions.find(({ session }) => session === nameOf(upload))).toMatchObject({
      state: "unreadable",
      destination: null,
      offset: 1500,
    });
  });
});
