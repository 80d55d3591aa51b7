import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Headcount } from "../../src/runtime/headcount.ts";
import { sendWithinBudget } from "../../src/middleware/in-flight.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("who has not been heard of for a while is not counted", () => {
  const headcount = new Headcount(10);
  const [one, other] = [{}, {}];
  headcount.heard(one);
  vi.advanceTimersByTime(6_000);
  headcount.heard(other);
  headcount.heard(one);
  expect(headcount.size).toBe(2);
  vi.advanceTimersByTime(9_000);
  headcount.heard(one);
  vi.advanceTimersByTime(2_000);
  expect(headcount.size).toBe(1);
  headcount.over(one);
  expect(headcount.size).toBe(0);
});

test("a clock that is put back makes nobody count for longer", () => {
  const headcount = new Headcount(10);
  headcount.heard({});
  vi.setSystemTime(Date.now() - 3_600_000);
  headcount.heard({});
  expect(headcount.size).toBe(2);
  vi.advanceTimersByTime(11_000);
  expect(headcount.size).toBe(0);
});

test("eight pieces are under way at once, and a session that never answers holds nobody up for long", async () => {
  const calls: PromiseWithResolvers<string>[] = [];
  const send = () => {
    const call = Promise.withResolvers<string>();
    calls.push(call);
    return call.promise;
  };
  const sent = Array.from({ length: 12 }, async () => await (await sendWithinBudget(send)).answer);
  await vi.advanceTimersByTimeAsync(100);
  expect(calls).toHaveLength(8);

  calls[0]?.resolve("stored");
  calls[1]?.reject(new Error("the object broke"));
  expect(await sent[0]).toBe("stored");
  await expect(sent[1]).rejects.toThrow("the object broke");
  await vi.advanceTimersByTimeAsync(100);
  expect(calls).toHaveLength(10);

  await vi.advanceTimersByTimeAsync(6_000);
  expect(calls).toHaveLength(12);
});
