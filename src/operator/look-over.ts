import type { ListFigures, Tally } from "../session/operator-calls.ts";
import type { Overview } from "./seat.ts";

const HOUR_MS = 60 * 60 * 1000;
const HOURS = 24;

/**
 * The figures of all lists together.
 *
 * @param now milliseconds since 1970
 */
export function overviewOf(figures: readonly ListFigures[], now: number): Omit<Overview, "refused"> {
  const tallies = figures.flatMap((list) => list.tallies);
  const waiting = figures.flatMap(({ oldestWaitingSince }) => oldestWaitingSince ?? []);
  return {
    at: now,
    sessionsByState: countsOf(figures),
    receiving: {
      sessions: sumOf(figures, ({ inflow }) => inflow.sessions),
      bytesPerSecond: Math.round(sumOf(figures, ({ inflow }) => inflow.bytes) / 60),
    },
    failedLastHour: sumOf(
      tallies.filter(({ at }) => at > now - HOUR_MS),
      ({ failed }) => failed,
    ),
    oldestWaitingSince: waiting.length === 0 ? null : Math.min(...waiting),
    hours: hoursOf(tallies, now),
  };
}

function countsOf(figures: readonly ListFigures[]): Overview["sessionsByState"] {
  const counts: Record<string, number> = {};
  for (const { state, count } of figures.flatMap((list) => list.counts))
    counts[state] = (counts[state] ?? 0) + count;
  return counts;
}

/** The hours of the clock; the last one is not over. */
function hoursOf(tallies: readonly Tally[], now: number): Overview["hours"] {
  const last = now - (now % HOUR_MS);
  return Array.from({ length: HOURS }, (_, index) => {
    const at = last - (HOURS - 1 - index) * HOUR_MS;
    const within = tallies.filter((tally) => tally.at >= at && tally.at < at + HOUR_MS);
    return {
      at,
      committed: sumOf(within, ({ committed }) => committed),
      failed: sumOf(within, ({ failed }) => failed),
      bytes: sumOf(within, ({ bytes }) => bytes),
    };
  });
}

function sumOf<T>(all: readonly T[], part: (one: T) => number): number {
  return all.reduce((sum, one) => sum + part(one), 0);
}
