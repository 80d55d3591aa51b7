import { describe, expect, test } from "vitest";
import type { Deed, DeedResult, SessionDetails } from "../../src/session/operator-calls.ts";
import { parseSessionId, type SessionId } from "../../src/protocol/session-id.ts";
import { commitsOf, type Conversation } from "./packets.ts";
import { load, rawOf, storedOf } from "./stored-session.ts";

const DEEDS = {
  commit: { kind: "commit" },
  "has-it": { kind: "release", application: "has-it" },
  "has-it-not": { kind: "release", application: "has-it-not" },
  cancel: { kind: "cancel" },
  prolong: { kind: "prolong" },
} as const satisfies Record<string, Deed>;
type Name = keyof typeof DEEDS;

/** No deed: a sentence, and nothing is changed. */
const no = null;

/**
 * What comes of each deed where a stored session stands: the state that it leaves, or a refusal. The origin of these tests
 * answers a session's second attempt as its first, but that it loses an answer once only.
 */
// prettier-ignore
const SESSIONS: readonly (readonly [fixture: string, state: string, ends: Readonly<Record<Name, string | null>>])[] = [
  ["announced",         "receiving", { commit: no,          "has-it": no,          "has-it-not": no,     cancel: "cancelled", prolong: "receiving" }],
  ["receiving",         "receiving", { commit: no,          "has-it": no,          "has-it-not": no,     cancel: "cancelled", prolong: "receiving" }],
  ["complete",          "complete",  { commit: "committed", "has-it": no,          "has-it-not": no,     cancel: "cancelled", prolong: "complete" }],
  ["committing",        "orphaned",  { commit: "committed", "has-it": no,          "has-it-not": no,     cancel: "cancelled", prolong: no }],
  ["failed",            "failed",    { commit: "failed",    "has-it": no,          "has-it-not": no,     cancel: "cancelled", prolong: "failed" }],
  ["refused",           "refused",   { commit: "refused",   "has-it": no,          "has-it-not": no,     cancel: "cancelled", prolong: "refused" }],
  ["held",              "held",      { commit: no,          "has-it": "committed", "has-it-not": "held", cancel: "cancelled", prolong: "held" }],
  ["replied",           "delivered", { commit: no,          "has-it": no,          "has-it-not": no,     cancel: "cancelled", prolong: "delivered" }],
  ["replied-elsewhere", "delivered", { commit: no,          "has-it": no,          "has-it-not": no,     cancel: "cancelled", prolong: "delivered" }],
  ["to-be-copied",      "delivered", { commit: "committed", "has-it": no,          "has-it-not": no,     cancel: "cancelled", prolong: "delivered" }],
  ["committed",         "committed", { commit: "committed", "has-it": "committed", "has-it-not": no,     cancel: no,          prolong: no }],
  ["discarded",         "discarded", { commit: no,          "has-it": no,          "has-it-not": no,     cancel: "discarded", prolong: no }],
  ["cancelled",         "cancelled", { commit: no,          "has-it": no,          "has-it-not": no,     cancel: "cancelled", prolong: no }],
];

const idOf = ({ id }: Conversation): SessionId => parseSessionId(id) as SessionId;
const act = async (upload: Conversation, name: Name): Promise<DeedResult> =>
  (await upload.object.act(idOf(upload), DEEDS[name], "somebody")) as DeedResult;
const describeOf = async (upload: Conversation): Promise<SessionDetails | null> =>
  (await upload.object.describe(idOf(upload))) as SessionDetails | null;
const keysOf = async (upload: Conversation): Promise<(string | undefined)[]> =>
  (await commitsOf(upload.url.replace("http://edge.example", ""))).map(({ key }) => key);

describe.each(SESSIONS)(
  "A session of version 2, %s, is %s, and what an operator does:",
  (fixture, state, ends) => {
    test.each(Object.entries(ends) as [Name, string | null][])(
      "%s leaves it %s, once or twice",
      async (name, end) => {
        const upload = await load(fixture);
        const before = await storedOf(upload);
        const keys = await keysOf(upload);
        expect(await describeOf(upload)).toMatchObject({ state });
        const done = await act(upload, name);
        if (end === no) {
          expect(done).toEqual({ result: "refused", why: expect.stringMatching(/^[A-Z].{20,}\.$/) });
          expect(await storedOf(upload)).toEqual(before);
        } else {
          expect(done).toMatchObject({ result: "done", session: { state: end } });
          const { record } = await storedOf(upload);
          if (record?.commit?.id !== before.record?.commit?.id || end !== state) {
            expect(record?.history).toContainEqual(
              expect.objectContaining({ event: "operator-deed", outcome: name, by: "somebody" }),
            );
          }
          // Whatever was sent was sent with the key of the attempts before.
          const key = before.record?.commit?.id;
          const sent = (await keysOf(upload)).slice(keys.length);
          if (key !== undefined && key !== "") for (const one of sent) expect(one).toBe(key);
          const again = await act(upload, name);
          expect(again.result).toBe("done");
          expect(await describeOf(upload)).toMatchObject({
            state: name === "has-it-not" ? "committed" : end,
          });
        }
      },
    );

    test("its deeds are offered where they do something", async () => {
      const upload = await load(fixture);
      expect((await describeOf(upload))?.deeds).toEqual({
        commit: isOffered(ends, state, "commit"),
        release: isOffered(ends, state, "has-it"),
        cancel: isOffered(ends, state, "cancel"),
        prolong: isOffered(ends, state, "prolong"),
      });
    });
  },
);

/** Whether a deed would change something: one that is done already is no refusal, and no offer. */
function isOffered(ends: Readonly<Record<Name, string | null>>, state: string, name: Name): boolean {
  const isDone =
    (state === "committed" && (name === "commit" || name === "has-it")) ||
    (name === "cancel" && (state === "discarded" || state === "cancelled"));
  return ends[name] !== no && !isDone;
}

test("a session whose record is no record can be cancelled, and nothing else", async () => {
  const upload = await load("failed", (sql) => sql.replace('"version":2', '"version":1'));
  expect(await describeOf(upload)).toMatchObject({
    state: "unreadable",
    deeds: { commit: false, release: false, cancel: true, prolong: false },
  });
  for (const name of ["commit", "has-it", "has-it-not", "prolong"] as const)
    expect(await act(upload, name)).toMatchObject({ result: "refused" });
  expect(await act(upload, "cancel")).toEqual({ result: "done", session: null });
  expect(await rawOf(upload)).toMatchObject({ record: null, due: null });
  expect(await act(upload, "cancel")).toEqual({ result: "unknown" });
});

test("one of a newer version stays as it is", async () => {
  const upload = await load("failed", (sql) => sql.replace('"version":2', '"version":3'));
  const before = await rawOf(upload);
  for (const name of Object.keys(DEEDS) as Name[])
    expect(await act(upload, name)).toMatchObject({
      result: "refused",
      why: expect.stringContaining("newer"),
    });
  expect(await rawOf(upload)).toEqual(before);
});
