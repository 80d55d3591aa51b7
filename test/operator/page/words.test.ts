import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nextInWords } from "../../../src/operator/page/next.ts";
import { OUTCOMES } from "../../../src/operator/page/answer-words.ts";
import { EVENTS } from "../../../src/operator/page/event-words.ts";
import { STATES, type State } from "../../../src/operator/page/state-words.ts";
import type { SessionDetails } from "../../../src/operator/seat.ts";
import { type CommitOutcome, HELD, reflect } from "../../../src/protocol/reflect.ts";
import { TRANSITIONS } from "../../../src/protocol/transitions.ts";
import { GeneratedSeat } from "./generated-seat.ts";

const DOCS = join(import.meta.dirname, "..", "..", "..", "docs");
const [session] = (await new GeneratedSeat(1, Date.UTC(2026, 10, 27)).sessions({})).sessions as [
  SessionDetails,
];

const told = (status: number, hresult: string): SessionDetails => ({
  ...session,
  state: "failed",
  history: [{ at: 0, event: "commit-ended", status, hresult, context: "0x7" }],
});

test("every state of the machine has a name and a meaning, and something that happens next", () => {
  for (const state of Object.keys(TRANSITIONS)) {
    expect(STATES).toHaveProperty(state);
    expect(nextInWords({ ...session, state: state as State })).toMatch(/\.$/);
  }
});

test("every outcome of an attempt has words", () => {
  const outcomes: CommitOutcome[] = [
    { kind: "refused", status: 507, hresult: null },
    { kind: "replyTooLarge", status: 200 },
    { kind: "destinationExists" },
    { kind: "silent", why: "timedOut", mayHaveArrived: true },
    { kind: "silent", why: "cannotConnect", mayHaveArrived: false },
    { kind: "silent", why: "connectionLost", mayHaveArrived: true },
  ];
  for (const outcome of outcomes) {
    expect(OUTCOMES).toHaveProperty(outcome.kind);
    expect(OUTCOMES).toHaveProperty(reflect(outcome)?.fault ?? "");
  }
  expect(OUTCOMES).toHaveProperty(HELD.fault);
});

test("every event that a session's object logs has a sentence", () => {
  const rows = readFileSync(join(DOCS, "operations.md"), "utf8").matchAll(
    /^\| `([a-z-]+)` \|.*\| `src\/session\/` \|$/gm,
  );
  const events = Array.from(rows, ([, event = ""]) => event);
  expect(events.length).toBeGreaterThan(8);
  for (const event of events) expect(EVENTS).toHaveProperty([event]);
});

test("what a client does after a failed attempt follows the protocol's table of reactions", () => {
  expect(nextInWords(told(507, "0x801901FB"))).toMatch(/^The client sends Close-Session again/);
  expect(nextInWords(told(404, "0x80190194"))).toMatch(/^The client has given up/);
  expect(nextInWords(told(500, "0x8020001F"))).toMatch(/^The client starts over/);
});
