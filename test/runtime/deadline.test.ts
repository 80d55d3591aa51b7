import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deadline } from "../../src/runtime/deadline.ts";

/** The timers of these tests go on evenly, whatever is done to the clock. */
beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const putBack = (seconds: number) => vi.setSystemTime(Date.now() - seconds * 1000);

/** A deadline, and how often a wait took too long. */
function watched(): { deadline: Deadline; expire: ReturnType<typeof vi.fn> } {
  const expire = vi.fn();
  return { deadline: new Deadline(expire), expire };
}

test.each([1, 10, 11, 60])("a wait of %d s ends when it is over, and no earlier", (seconds) => {
  const { deadline, expire } = watched();
  deadline.start(seconds);
  vi.advanceTimersByTime(seconds * 1000 - 1);
  expect(expire).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(expire).toHaveBeenCalledTimes(1);
});

test.each([1, 40, 3600])("… also where the clock is put back by %d s meanwhile", (jump) => {
  const { deadline, expire } = watched();
  deadline.start(60);
  vi.advanceTimersByTime(25_000);
  putBack(jump);
  vi.advanceTimersByTime(34_999);
  expect(expire).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(expire).toHaveBeenCalledTimes(1);
});

test("… or before it, while the timer of another wait was set", () => {
  const { deadline, expire } = watched();
  deadline.start(60);
  deadline.end();
  vi.advanceTimersByTime(5_000);
  putBack(40);
  deadline.start(60);
  vi.advanceTimersByTime(59_999);
  expect(expire).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(expire).toHaveBeenCalledTimes(1);
});

test("a wait that has ended does not expire, and after the last there is no timer", () => {
  const { deadline, expire } = watched();
  deadline.start(1);
  deadline.end();
  vi.advanceTimersByTime(60_000);
  deadline.start(1);
  deadline.stop();
  deadline.start(1);
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(expire).not.toHaveBeenCalled();
});
