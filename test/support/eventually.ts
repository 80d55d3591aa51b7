import { vi } from "vitest";

/** Ends a wait for what will not happen; the busiest machine makes everything else happen before. */
const PATIENCE_MILLISECONDS = 60_000;

/**
 * Waits until `check` does not throw, and gives what it gave. For what happens by itself, sooner or later: how much later
 * is no test's subject.
 *
 * @param intervalMilliseconds how long to wait between two checks; default 20
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { intervalMilliseconds = 20 }: { intervalMilliseconds?: number } = {},
): Promise<T> {
  return vi.waitFor(check, { timeout: PATIENCE_MILLISECONDS, interval: intervalMilliseconds });
}
