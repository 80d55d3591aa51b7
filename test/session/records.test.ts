import { runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, inject, test } from "vitest";
import { directoryOf, readConfig } from "../../src/config/config.ts";
import { stateOf, TRANSITIONS } from "../../src/protocol/transitions.ts";
import { commitsOf, type Conversation, digestFieldOf, entityOf, storedAt } from "./packets.ts";
import { load, makeDue, storedOf } from "./stored-session.ts";
import { eventually } from "../support/eventually.ts";

/** What was uploaded in every session of test/fixtures/records. */
const WHOLE = entityOf(20);
const NAMES = Object.keys(inject("records"));
const UNKNOWN = [500, "0x8020001F", "0x5"];

/** Status, code and context. */
const said = ({ status, headers }: Response) => [
  status,
  headers.get("BITS-Error-Code"),
  headers.get("BITS-Error-Context"),
];
const DONE = [200, null, null];
const stands = ({ status, headers }: Response) => [status, headers.get("BITS-Received-Content-Range")];

/** The commits of this test; other tests have the same destination. */
async function commitsDuring(
  upload: Conversation,
  work: () => Promise<void>,
): Promise<Awaited<ReturnType<typeof commitsOf>>> {
  const target = upload.url.replace("http://edge.example", "");
  const before = (await commitsOf(target)).length;
  await work();
  return (await commitsOf(target)).slice(before);
}

async function expectPublished(upload: Conversation): Promise<void> {
  expect(await storedAt(new URL(upload.url).pathname)).toEqual(WHOLE);
}

describe("A session that version 2 has stored goes on:", () => {
  test("receiving", async () => {
    const upload = await load("receiving");
    expect((await upload.send("Ping")).status).toBe(200);
    expect(stands(await upload.fragment(WHOLE, 13))).toEqual([416, "12"]);
    expect(stands(await upload.fragment(WHOLE, 5))).toEqual([200, "20"]);
    expect(said(await upload.close())).toEqual(DONE);
    await expectPublished(upload);
  });

  test("receiving, with a rest of a Fragment that was never checked", async () => {
    const upload = await load("staged");
    const rest = WHOLE.slice(12);
    const headers = { "Content-Range": "bytes 12-19/20", "Content-Digest": await digestFieldOf(rest) };
    expect(stands(await upload.send("Fragment", headers, rest))).toEqual([200, "20"]);
    expect(said(await upload.close())).toEqual(DONE);
    await expectPublished(upload);
  });

  test("announced with a digest: the right bytes are published", async () => {
    const upload = await load("announced");
    expect(stands(await upload.fragment(WHOLE))).toEqual([200, "20"]);
    expect(said(await upload.close())).toEqual(DONE);
    await expectPublished(upload);
  });

  test("… and others are not", async () => {
    const upload = await load("announced");
    expect(stands(await upload.fragment(WHOLE.toReversed()))).toEqual([200, "20"]);
    const commits = await commitsDuring(upload, async () => {
      expect(said(await upload.close())).toEqual([400, "0x80070057", "0x5"]);
    });
    expect(commits).toEqual([]);
  });

  test("complete", async () => {
    const upload = await load("complete");
    expect(stands(await upload.fragment(WHOLE, 3, 9))).toEqual([200, "20"]);
    const commits = await commitsDuring(upload, async () => {
      for (let turn = 0; turn < 2; turn++) expect(said(await upload.close())).toEqual(DONE);
    });
    expect(commits).toMatchObject([{ method: "PUT", bytes: 20 }]);
    await expectPublished(upload);
  });

  test.each(["Close-Session", "alarm"])("committing, an orphan: by %s, with the same key", async (by) => {
    const upload = await load("committing");
    const id = (await storedOf(upload)).record?.commit?.id ?? "";
    const commits = await commitsDuring(upload, async () => {
      if (by === "alarm") {
        await makeDue(upload);
        expect(await runDurableObjectAlarm(upload.object)).toBe(true);
      } else expect(said(await upload.close())).toEqual(DONE);
      await eventually(async () => expect((await storedOf(upload)).record?.state).toBe("committed"));
    });
    expect(commits).toMatchObject([{ method: "PUT", key: id }]);
    expect((await storedOf(upload)).record).toMatchObject({
      state: "committed",
      commit: { id, attempts: 2 },
    });
    expect(said(await upload.close())).toEqual(DONE);
    await expectPublished(upload);
  });

  test("failed: the origin is asked again, with the same key", async () => {
    const upload = await load("failed");
    const id = (await storedOf(upload)).record?.commit?.id ?? "";
    const commits = await commitsDuring(upload, async () => {
      expect(said(await upload.close())).toEqual([507, "0x801901FB", "0x7"]);
    });
    expect(commits).toMatchObject([{ method: "PUT", bytes: 20, key: id }]);
  });

  test("failed, and nobody knows what the origin did: the same", async () => {
    const upload = await load("unknown");
    const id = (await storedOf(upload)).record?.commit?.id ?? "";
    const commits = await commitsDuring(upload, async () => {
      // The origin of these tests has not lost an answer of this destination yet.
      expect(said(await upload.close())).toEqual([502, "0x80072EFE", "0x7"]);
      expect(said(await upload.close())).toEqual(DONE);
    });
    expect(commits.map(({ key }) => key)).toEqual([id, id]);
    await expectPublished(upload);
  });

  test.each([
    ["refused", [403, "0x80190193", "0x7"]],
    ["held", [503, "0x801901F7", "0x7"]],
  ])("%s: says so again, and the origin hears nothing", async (name, expected) => {
    const upload = await load(name);
    const commits = await commitsDuring(upload, async () => {
      expect(stands(await upload.fragment(WHOLE, 19))).toEqual([200, "20"]);
      for (let turn = 0; turn < 2; turn++) expect(said(await upload.close())).toEqual(expected);
    });
    expect(commits).toEqual([]);
  });

  test("delivered, with a reply that waits", async () => {
    const upload = await load("replied");
    const ack = await upload.fragment(WHOLE, 19);
    expect(stands(ack)).toEqual([200, "20"]);
    const url = ack.headers.get("BITS-Reply-URL") ?? "";
    const reply = await (await exports.default.fetch(url)).bytes();
    expect(new TextDecoder().decode(reply)).toBe("thanks");
    expect(said(await upload.close())).toEqual(DONE);
    expect((await exports.default.fetch(url)).status).toBe(404);
    expect(await storedOf(upload)).toMatchObject({ length: 0, replyLength: 0 });
  });

  test("delivered, with a reply that is elsewhere", async () => {
    const upload = await load("replied-elsewhere");
    const ack = await upload.fragment(WHOLE, 19);
    expect(ack.headers.get("BITS-Reply-URL")).toBe("http://elsewhere.example/reply");
    expect(said(await upload.close())).toEqual(DONE);
  });

  test("delivered, and to be put at its destination", async () => {
    const upload = await load("to-be-copied");
    const commits = await commitsDuring(upload, async () => {
      for (let turn = 0; turn < 2; turn++) expect(said(await upload.close())).toEqual(DONE);
    });
    expect(commits).toMatchObject([{ method: "PUT", bytes: 20 }]);
    await expectPublished(upload);
  });

  test("committed", async () => {
    const upload = await load("committed");
    const commits = await commitsDuring(upload, async () => {
      expect(said(await upload.close())).toEqual(DONE);
      expect(stands(await upload.fragment(WHOLE, 7))).toEqual([200, "20"]);
      expect(said(await upload.cancel())).toEqual(DONE);
      expect(said(await upload.close())).toEqual(DONE);
    });
    expect(commits).toEqual([]);
  });

  test("discarded", async () => {
    const upload = await load("discarded");
    expect(said(await upload.close())).toEqual([400, "0x80070057", "0x5"]);
    expect(said(await upload.fragment(WHOLE))).toEqual(UNKNOWN);
    expect(said(await upload.cancel())).toEqual(DONE);
  });

  test("cancelled", async () => {
    const upload = await load("cancelled");
    expect(said(await upload.cancel())).toEqual(DONE);
    expect(said(await upload.close())).toEqual(UNKNOWN);
    expect(said(await upload.fragment(WHOLE))).toEqual(UNKNOWN);
  });
});

test("Version 2 has stored a session in every state in which something is stored", async () => {
  const states = new Set<string>();
  for (const name of NAMES) {
    const upload = await load(name);
    const { record, length } = await storedOf(upload);
    const directory = directoryOf(readConfig(env), new URL(upload.url).pathname);
    states.add(stateOf(record, length, directory, false));
  }
  // Nothing is stored of "new", and no attempt runs in an object that has just woken.
  const stored = Object.keys(TRANSITIONS).filter((state) => state !== "new" && state !== "committing");
  expect([...states].toSorted()).toEqual(stored.toSorted());
});

describe("A session that version 2 has stored, whatever its state,", () => {
  test.each(NAMES)("%s: can be cancelled, which leaves a tombstone", async (name) => {
    const upload = await load(name);
    const commits = await commitsDuring(upload, async () => {
      expect(said(await upload.cancel())).toEqual(DONE);
    });
    expect(commits).toEqual([]);
    const { record, length, due } = await storedOf(upload);
    const isOver = name === "committed" || name === "discarded";
    expect([record?.state, length]).toEqual([isOver ? name : "cancelled", 0]);
    expect(due).toBeGreaterThan(Date.now());
  });
});
