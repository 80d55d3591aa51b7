import { expect, test } from "vitest";
import { parseSessionId, type SessionId } from "../../src/protocol/session-id.ts";
import type { DirectoryRules, SessionRecord } from "../../src/protocol/session-record.ts";
import { open, seal, settle } from "../../src/protocol/transitions.ts";
import { withAnswer, withHistory } from "../../src/session/history.ts";

const DIRECTORY: DirectoryRules = {
  notification: "none",
  reply: false,
  unknownOutcome: "retry",
  handover: "request",
};
const PACKET = {
  sessionId: parseSessionId("A0FF5911-4144-45B3-BF27-27AFC8EC8A67") as SessionId,
  issuedAt: 1_000,
  destination: "/uploads/a.bin",
  originalUrl: "http://edge/uploads/a.bin",
  clientAddress: null,
  expectedDigest: null,
};
const told = (before: SessionRecord | null, after: SessionRecord): SessionRecord =>
  withHistory(before, after, { noted: [], receivedAt: 1_500 });

test("a session of very many attempts remembers its beginning and what came last, within some KiB", () => {
  let record = told(null, open(PACKET, 20, 1_000));
  for (let attempt = 1; attempt <= 100; attempt += 1) {
    const sealed = told(record, seal(record, "digest", "key", DIRECTORY, attempt * 10_000));
    const outcome = {
      kind: "refused",
      status: 507,
      hresult: null,
      answer: { status: 507, fields: [] },
    } as const;
    record = told(sealed, withAnswer(settle(sealed, outcome, DIRECTORY, attempt * 10_000 + 7), outcome));
  }
  expect(record.history).toHaveLength(32);
  expect(record.history?.[0]).toEqual({ at: 1_000, event: "started" });
  expect(record.history?.at(-2)).toEqual({ at: 1_000_000, event: "commit-started", attempt: 100 });
  expect(record.history?.at(-1)).toEqual({
    at: 1_000_007,
    event: "commit-ended",
    attempt: 100,
    outcome: "applicationRefused",
    originStatus: 507,
    status: 507,
    hresult: "0x801901FB",
    context: "0x7",
    milliseconds: 7,
  });
  expect(JSON.stringify(record).length).toBeLessThan(8 * 1024);
});

test("what did not change is no event, and an answer that was not given is forgotten", () => {
  const record = told(null, open(PACKET, 20, 1_000));
  expect(told(record, { ...record, changedAt: 2_000 }).history).toEqual(record.history);
  const lastAnswer = { status: 507, fields: [] };
  const silent = { kind: "silent", why: "timedOut", mayHaveArrived: true } as const;
  expect(withAnswer({ ...record, lastAnswer }, silent)).toEqual(record);
});
