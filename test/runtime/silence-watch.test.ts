import { afterEach, expect, test, vi } from "vitest";
import { watchForSilence } from "../../src/runtime/silence-watch.ts";
import { eventually } from "../support/eventually.ts";

const HOUR_MS = 3_600_000;

afterEach(() => vi.useRealTimers());

/** How long `signal` takes to abort, by a clock that nobody sets. */
async function untilAborted(signal: AbortSignal): Promise<number> {
  const begun = process.hrtime.bigint();
  await eventually(() => expect(signal.aborted).toBe(true));
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

test("an origin that is silent is given up, one that is heard is not", async () => {
  const watch = watchForSilence(0.4);
  for (let turn = 0; turn < 6; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    watch.heard();
  }
  expect(watch.signal.aborted).toBe(false);
  expect(await untilAborted(watch.signal)).toBeGreaterThan(300);
});

test("a clock that is put back gives an origin that is silent no more time", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const watch = watchForSilence(0.5);
  vi.setSystemTime(Date.now() - HOUR_MS);
  await untilAborted(watch.signal);
});

test("… and one that is heard afterwards no less", async () => {
  vi.useFakeTimers({ toFake: ["Date"], shouldAdvanceTime: true, advanceTimeDelta: 10 });
  const watch = watchForSilence(1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  vi.setSystemTime(Date.now() - HOUR_MS);
  watch.heard();
  expect(await untilAborted(watch.signal)).toBeGreaterThan(800);
});

test("what is heard after the end starts nothing", async () => {
  const watch = watchForSilence(0.1);
  watch.stop();
  watch.heard();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(watch.signal.aborted).toBe(false);
});
