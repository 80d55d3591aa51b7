import { median, spread } from "./statistics.ts";

/** What a figure counts; `times` is a ratio of two others of the same round. */
export type Unit =
  "MB/s" | "sessions/s" | "ms" | "MiB" | "times" | "dollars" | "rows" | "requests" | "ms CPU";

/** What is promised: a bound on the median. Missing it is printed and fails nothing. */
export interface Target {
  readonly at: "least" | "most";
  readonly value: number;
}

/** One measured number, with every run that it comes from. */
export interface Figure {
  /** Stable, for comparing runs: `bulk/memory/1 MiB/edge, TCP door/commit included`. */
  readonly name: string;
  readonly unit: Unit;
  readonly median: number;
  readonly spread: readonly [low: number, high: number];
  readonly runs: readonly number[];
  readonly target: Target | null;
  /** Null without a target. */
  readonly met: boolean | null;
}

/** @param runs one number a round, in order */
export function figure(
  name: string,
  unit: Unit,
  runs: readonly number[],
  target: Target | null = null,
): Figure {
  const middle = median(runs);
  const met =
    target === null ? null : target.at === "least" ? middle >= target.value : middle <= target.value;
  return { name, unit, median: middle, spread: spread(runs), runs, target, met };
}

/** Round by round, so that what slowed a whole round down cancels out. */
export function ratio(
  name: string,
  of: readonly number[],
  to: readonly number[],
  target: Target | null = null,
): Figure {
  const runs = of.map((value, round) => value / (to[round] ?? Number.NaN));
  return figure(name, "times", runs, target);
}

export const atLeast = (value: number): Target => ({ at: "least", value });
export const atMost = (value: number): Target => ({ at: "most", value });
