import { describe, expect, it } from "vitest";
import type { SessionDetails, SessionSummary } from "../../src/session/operator-calls.ts";
import type { SessionId } from "../../src/protocol/session-id.ts";
import type { Delivery } from "./application.ts";
import type { ClientReport } from "./client.ts";
import type { Directory } from "./plan.ts";
import { disagreements, untrue } from "./seat-law.ts";

/** The law of the operator's list is held against lists that say what is not so: it has to say so. */
const SIZE = 20;
const COMMITTED: SessionSummary = {
  session: "7DF0354D-249B-430F-820D-3D2A9BEF4931" as SessionId,
  directory: "/files/",
  client: "127.0.0.1",
  destination: "/files/file.bin",
  total: SIZE,
  offset: SIZE,
  state: "committed",
  attempts: 1,
  lastOutcome: "accepted",
  changedAt: 100,
  until: 200,
};

function reportOf(ending: ClientReport["ending"], directory: Directory = "/files/"): ClientReport {
  const destination = `${directory}file.bin`;
  const plan = { destination, directory, size: SIZE, fragmentBytes: SIZE, startMilliseconds: 0 };
  return {
    plan: { ...plan, ending: "close", cancelAt: 0 },
    sha256: "",
    sessionIds: [`{${COMMITTED.session}}`],
    ending,
    acceptedAt: null,
    closedAt: null,
    broken: [],
    resumed: 0,
  };
}

const TAKEN: Delivery = {
  destination: COMMITTED.destination ?? "",
  method: "PUT",
  key: "the key",
  sessionId: `{${COMMITTED.session}}`,
  arrivedAt: 20,
  takenAt: 50,
  outcome: "taken",
  file: null,
};
const CUT: Delivery = { ...TAKEN, takenAt: null, outcome: "cut" };
const CANCELLED: SessionSummary = {
  ...COMMITTED,
  state: "cancelled",
  offset: 5,
  attempts: 0,
  lastOutcome: null,
};

describe("The law of the operator's list has nothing to say", () => {
  it.each<[string, SessionSummary | null, ClientReport, Delivery[]]>([
    ["of an upload that was accepted and taken", COMMITTED, reportOf("accepted"), [TAKEN]],
    [
      "of a repetition that the application recognised",
      COMMITTED,
      reportOf("accepted"),
      [TAKEN, { ...CUT, outcome: "exists" }],
    ],
    ["of one that was cancelled before all had come", CANCELLED, reportOf("cancelled"), []],
    [
      "of one that waits for a client that is gone",
      { ...COMMITTED, state: "complete", attempts: 0, lastOutcome: null },
      reportOf("vanished"),
      [],
    ],
    ["of a session whose time was two seconds", null, reportOf("accepted", "/brief/"), [TAKEN]],
  ])("%s", (_, row, report, deliveries) => {
    expect(untrue(row, report, deliveries)).toEqual([]);
  });
});

describe("The law of the operator's list finds", () => {
  it.each<[string, Partial<SessionSummary> | null, ClientReport, Delivery[], RegExp]>([
    [
      "an end that the list was not told of",
      { state: "complete", lastOutcome: null },
      reportOf("accepted"),
      [TAKEN],
      /was accepted, and is listed as complete/,
    ],
    ["a session that is not listed", null, reportOf("accepted"), [TAKEN], /is not listed as committed/],
    ["a commit that never was", {}, reportOf("vanished"), [CUT], /the application has it not/],
    [
      "an orphan that nobody takes up",
      { state: "orphaned" },
      reportOf("vanished"),
      [TAKEN],
      /listed as orphaned/,
    ],
    [
      "attempts that are not counted",
      { attempts: 0 },
      reportOf("accepted"),
      [TAKEN],
      /1 times, and 0 attempts/,
    ],
    ["bytes that are not counted", { offset: 5 }, reportOf("accepted"), [TAKEN], /5 of 20/],
    ["another length", { total: 21 }, reportOf("accepted"), [TAKEN], /20 bytes, and is listed with 21/],
    [
      "a failure's outcome on what was accepted",
      { lastOutcome: "originTimedOut" },
      reportOf("accepted"),
      [TAKEN],
      /outcome originTimedOut/,
    ],
    ["another file's name", { destination: "/files/other.bin" }, reportOf("accepted"), [TAKEN], /other\.bin/],
  ])("%s", (_, change, report, deliveries, word) => {
    const row = change === null ? null : { ...COMMITTED, ...change };
    expect(untrue(row, report, deliveries)).toContainEqual(expect.stringMatching(word));
  });

  it("a list that differs from the session's own word, in any field", () => {
    const real = COMMITTED as SessionDetails;
    expect(disagreements(COMMITTED, real)).toEqual([]);
    expect(disagreements(null, null)).toEqual([]);
    expect(disagreements(null, real)).toEqual(["a session is not listed, and is committed"]);
    expect(disagreements(COMMITTED, null)).toEqual([
      "a session is listed as committed, and is not there any more",
    ]);
    expect(disagreements({ ...COMMITTED, changedAt: 99 }, real)).toEqual([
      "the list has changedAt 99, the session 100",
    ]);
  });
});
