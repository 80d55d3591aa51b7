import { expect, test } from "vitest";
import { noteRefusal, recentRefusals } from "../../src/runtime/refusals.ts";

const MINUTE_MS = 60_000;

test("refusals are counted by client and fault, until there was peace for a quarter of an hour", () => {
  for (let minute = 0; minute < 20; minute += 10)
    noteRefusal("192.0.2.1", "sessionUnknown", minute * MINUTE_MS);
  noteRefusal("192.0.2.1", "offsetGap", 11 * MINUTE_MS);
  noteRefusal(null, "offsetGap", 12 * MINUTE_MS);
  expect(recentRefusals(20 * MINUTE_MS, 2)).toEqual([
    { client: "192.0.2.1", fault: "sessionUnknown", count: 2, lastAt: 10 * MINUTE_MS },
    { client: "192.0.2.1", fault: "offsetGap", count: 1, lastAt: 11 * MINUTE_MS },
  ]);
  expect(recentRefusals(26.5 * MINUTE_MS, 9)).toEqual([
    { client: null, fault: "offsetGap", count: 1, lastAt: 12 * MINUTE_MS },
  ]);
  noteRefusal("192.0.2.1", "sessionUnknown", 60 * MINUTE_MS);
  expect(recentRefusals(60 * MINUTE_MS, 9)).toMatchObject([{ count: 1 }]);
});

test("however many clients are refused, those that came last are remembered, and no more than a thousand", () => {
  const now = 1_000 * MINUTE_MS;
  for (let client = 0; client < 3_000; client += 1) noteRefusal(`client ${client}`, "accessDenied", now);
  const known = recentRefusals(now, Number.POSITIVE_INFINITY).map(({ client }) => client);
  expect(known).toHaveLength(1_000);
  expect(known).toContain("client 2999");
});
