import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Delivery } from "./application.ts";
import { check, checkAfterwards, type Verdict } from "./check.ts";
import type { ClientReport } from "./client.ts";
import type { EdgeEvent } from "./edge-events.ts";
import { judgeFlatness } from "./flatness.ts";
import type { Directory } from "./plan.ts";

/** The checker of the kill tests is held against runs in which a guarantee was broken: it has to say so. */
const SESSION = "7df0354d-249b-430f-820d-3d2a9bef4931";
const CONTENT = "what the client sent";
const folder = mkdtempSync(join(tmpdir(), "checker-"));
const [right, wrong] = [join(folder, "right"), join(folder, "wrong")];
writeFileSync(right, CONTENT);
writeFileSync(wrong, CONTENT.slice(1));
afterAll(() => rmSync(folder, { recursive: true }));

/** A run whose client was told 200 at 100 ms, after the application had taken the upload at 50 ms. */
interface Run {
  readonly directory?: Directory;
  readonly report?: Partial<ClientReport>;
  readonly deliveries?: readonly Partial<Delivery>[];
  readonly events?: readonly Partial<EdgeEvent>[];
}

/** What the client of a run knows. */
function reportOf({ directory = "/files/", report = {} }: Run): ClientReport {
  return {
    plan: {
      destination: `${directory}file.bin`,
      directory,
      size: CONTENT.length,
      fragmentBytes: CONTENT.length,
      startMilliseconds: 0,
      ending: "close",
      cancelAt: 0,
    },
    sha256: createHash("sha256").update(CONTENT).digest("hex"),
    sessionIds: [`{${SESSION}}`],
    ending: "accepted",
    acceptedAt: 100,
    closedAt: 100,
    broken: [],
    resumed: 0,
    ...report,
  };
}

/** What came to its application. */
function deliveriesOf({ directory = "/files/", deliveries = [{}] }: Run): Delivery[] {
  const method: Delivery["method"] = directory === "/files/" || directory === "/hold/" ? "PUT" : "POST";
  return deliveries.map((delivery): Delivery => ({
    destination: `${directory}file.bin`,
    method,
    key: "the key",
    sessionId: `{${SESSION}}`,
    arrivedAt: 20,
    takenAt: 50,
    outcome: "taken",
    file: right,
    ...delivery,
  }));
}

async function judge(run: Run): Promise<Verdict> {
  const report = reportOf(run);
  const { destination } = report.plan;
  const said = (run.events ?? ATTEMPT).map((event): EdgeEvent =>
    Object.assign(
      { at: 10, event: "commit-started", session: SESSION, destination, outcome: null, text: "" },
      event,
    ),
  );
  return await check(report, deliveriesOf(run), said);
}

const ATTEMPT = [{}, { at: 60, event: "commit-ended", outcome: "accepted" }] as const;
/** Two attempts: how the first one ended, as far as the edge knows. */
const attempts = (outcome: string): Partial<EdgeEvent>[] => [
  {},
  { at: 60, event: "commit-ended", outcome },
  { at: 70 },
  { at: 95, event: "commit-ended", outcome: "accepted" },
];
const SECOND: Partial<Delivery> = { arrivedAt: 80, takenAt: 90 };
const NOT_TAKEN: Partial<Delivery> = { takenAt: null, file: null, outcome: "cut" };

describe("The checker of the kill tests has nothing to say", () => {
  it.each<[string, Run]>([
    ["of an upload that was taken once, before its Ack", {}],
    [
      "of one that broke off, and was taken then",
      { deliveries: [NOT_TAKEN, SECOND], events: attempts("silent") },
    ],
    [
      "of one that was taken twice where nothing tells, after an end that nobody saw",
      { directory: "/forgetful/", deliveries: [{}, SECOND], events: attempts("orphaned") },
    ],
    [
      "of one that was cancelled",
      { report: { ending: "cancelled", acceptedAt: null, closedAt: null }, deliveries: [] },
    ],
  ])("%s", async (_, run) => {
    const { findings, isAwaited } = await judge(run);
    expect([findings, isAwaited]).toEqual([[], false]);
  });
});

describe("The checker of the kill tests finds", () => {
  it.each<[string, Run, RegExp]>([
    ["bytes that were not sent", { deliveries: [{ file: wrong }] }, /has other bytes/],
    ["an entity that is gone", { deliveries: [{ file: join(folder, "gone") }] }, /has other bytes: null/],
    ["a 200 for what never came", { deliveries: [] }, /before it did/],
    ["a 200 for what never came whole", { deliveries: [NOT_TAKEN] }, /before it did/],
    ["a 200 that came too early", { deliveries: [{ takenAt: 101 }] }, /before it did/],
    ["a promise that the client saw broken", { report: { broken: ["acked 5, then 4"] } }, /acked 5, then 4/],
    [
      "a session with two keys",
      { deliveries: [NOT_TAKEN, { ...SECOND, key: "another" }], events: attempts("silent") },
      /has 2 Idempotency-Keys/,
    ],
    [
      "a second commit where the first could be told",
      { deliveries: [{}, SECOND], events: attempts("orphaned") },
      /took it 2 times/,
    ],
    [
      "a second commit after an end that was known",
      { directory: "/forgetful/", deliveries: [{}, SECOND], events: attempts("accepted") },
      /several attempts whose end was known/,
    ],
    [
      "an attempt that was sent twice",
      { directory: "/forgetful/", deliveries: [{}, SECOND] },
      /was taken more than once/,
    ],
    [
      "a delivery of what was cancelled",
      { report: { ending: "cancelled", acceptedAt: null, closedAt: null }, deliveries: [NOT_TAKEN] },
      /cancelled, and delivered/,
    ],
    ["a file that is not at its destination", { directory: "/copied/" }, /at its destination, before it was/],
    [
      "a file that went there before it was accepted",
      { directory: "/copied/", deliveries: [{ method: "PUT" }, { ...SECOND, key: "another" }] },
      /before the application had taken it/,
    ],
  ])("%s", async (_, run, problem) => {
    const { findings } = await judge(run);
    expect(findings.map((finding) => finding.problem)).toContainEqual(expect.stringMatching(problem));
  });

  it("that a commit is still to come whose client is gone", async () => {
    const report = { ending: "vanished", acceptedAt: null, closedAt: null } as const;
    expect((await judge({ report, deliveries: [NOT_TAKEN] })).isAwaited).toBe(true);
    expect((await judge({ report })).isAwaited).toBe(false);
  });
});

describe("Of an upload that was checked, and comes again later, the checker", () => {
  it.each(["accepted", "held", "cancelled"] as const)(
    "says so where its client knows that it was %s",
    (ending) => {
      const found = checkAfterwards(reportOf({ report: { ending } }), deliveriesOf({}));
      expect(found).toMatchObject({ problem: `it was ${ending}, and came 1 times more` });
    },
  );

  it("says nothing where its client is gone, or where it is another session's", () => {
    const vanished = reportOf({ report: { ending: "vanished" } });
    expect(checkAfterwards(vanished, deliveriesOf({}))).toBeNull();
    const former = reportOf({ report: { sessionIds: [`{${SESSION}}`, "{another}"] } });
    expect(checkAfterwards(former, deliveriesOf({}))).toBeNull();
    expect(checkAfterwards(reportOf({}), [])).toBeNull();
  });
});

/** Of ten minutes in which memory grows by as much with every sample. */
function flatnessOf(growth: number): ReturnType<typeof judgeFlatness> {
  const samples = Array.from({ length: 31 }, (_, sample) => ({
    minutes: sample / 3,
    // What is taken at the beginning counts for nothing.
    mebibytes: Math.min(200, 50 + sample * 20) + growth * sample + (sample % 2) * 10,
  }));
  return judgeFlatness(samples);
}

describe("The soak's memory", () => {
  it.each([-1, 0, 0.5])("is flat where it grows by %d MiB in 20 seconds", (growth) => {
    expect(flatnessOf(growth)).toMatchObject({ isFlat: true, words: expect.stringContaining("flat") });
  });

  it.each([2, 10])("is growing where it grows by %d MiB in 20 seconds", (growth) => {
    expect(flatnessOf(growth)).toMatchObject({ isFlat: false, words: expect.stringContaining("growing") });
  });
});
