import { describe, expect, test } from "vitest";
import { judge } from "../../../src/operator/page/verdict.ts";
import type { Overview } from "../../../src/operator/seat.ts";

const AT = Date.UTC(2026, 10, 27, 15, 42);
const hour = { at: AT - 3_600_000, committed: 0, failed: 0, bytes: 0 };
const QUIET: Overview = {
  at: AT,
  sessionsByState: {},
  receiving: { sessions: 0, bytesPerSecond: 0 },
  failedLastHour: 0,
  oldestWaitingSince: null,
  hours: [],
  refused: [],
};
const sentences = (change: Partial<Overview>): string[] =>
  judge({ ...QUIET, ...change }).map(({ tone, sentence }) => `${tone}: ${sentence}`);

describe("What one sees first", () => {
  test.each<[string, Partial<Overview>, string[]]>([
    ["nothing", {}, ["well: All is well. Nothing is coming in just now."]],
    [
      "uploads that come in",
      { sessionsByState: { receiving: 2 }, receiving: { sessions: 3, bytesPerSecond: 3 << 20 } },
      ["well: All is well. 2 uploads are coming in at 3.0 MiB/s."],
    ],
    [
      "one held upload",
      { sessionsByState: { held: 1 } },
      ["bad: 1 upload is held: nobody knows whether the application has it, and you decide."],
    ],
    [
      "an origin that is down",
      { failedLastHour: 14, hours: [{ ...hour, failed: 14 }] },
      ["bad: The origin takes nothing: 14 attempts failed in the last hour, none went through."],
    ],
    [
      "an origin that fails now and then",
      { failedLastHour: 1, hours: [{ ...hour, committed: 9, failed: 1 }] },
      ["waiting: 1 attempt to hand an upload over failed in the last hour; others went through."],
    ],
    [
      "a record that cannot be read",
      { sessionsByState: { unreadable: 3 } },
      ["bad: 3 sessions cannot be read; the log says why."],
    ],
    [
      "an upload that waits",
      { oldestWaitingSince: AT - 26 * 60_000 },
      ["waiting: An upload has been whole for 26 minutes and is not with the application."],
    ],
    [
      "a disk that is full",
      {
        refused: [
          { client: "192.0.2.1", fault: "storageFull", count: 1, lastAt: AT },
          { client: "192.0.2.2", fault: "storageFull", count: 2, lastAt: AT },
        ],
      },
      [
        "bad: The edge's disk is full: 3 Fragments found no room. Make room, or cancel uploads that nobody wants.",
      ],
    ],
    [
      "a setting that is wrong",
      { refused: [{ client: null, fault: "misconfigured", count: 1, lastAt: AT }] },
      ["bad: A setting of the edge is wrong, and 1 packet was refused because of it; the log names it."],
    ],
    [
      "a client that loops",
      {
        refused: [
          { client: "192.0.2.1", fault: "accessDenied", count: 50, lastAt: AT },
          { client: "192.0.2.2", fault: "sessionUnknown", count: 12, lastAt: AT },
        ],
      },
      [
        "waiting: A client goes in circles: 12 packets of 192.0.2.2 within the last quarter of an hour, and nobody knows its session.",
      ],
    ],
    [
      "a client that had to go back a few times",
      { refused: [{ client: "192.0.2.2", fault: "offsetGap", count: 9, lastAt: AT }] },
      ["well: All is well. Nothing is coming in just now."],
    ],
    [
      "an upload that has just become whole",
      { oldestWaitingSince: AT - 60_000 },
      ["well: All is well. Nothing is coming in just now."],
    ],
  ])("of %s is a sentence", (_, change, said) => {
    expect(sentences(change)).toEqual(said);
  });

  test("is the gravest thing, and the others follow", () => {
    const said = sentences({ sessionsByState: { held: 2 }, oldestWaitingSince: 0, failedLastHour: 1 });
    expect(said.map((sentence) => sentence.slice(0, 12))).toEqual([
      "bad: 2 uploa",
      "bad: The ori",
      "waiting: An ",
    ]);
  });
});
