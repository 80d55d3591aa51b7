import { Coverage } from "./coverage.ts";
import { FAULT_KINDS, seedOf } from "./dice.ts";
import { runWorld } from "./shrink.ts";

/** How long to go on: so many worlds, or so many seconds, whichever ends first. */
export interface Limits {
  readonly worlds: number;
  readonly seconds: number;
}

/** Which worlds of a run one thread has: each `of`-th, from number `part` on; and whether all are to stop. */
export interface Share {
  readonly part: number;
  readonly of: number;
  readonly stop: Int32Array;
}

/** What a run of many worlds has counted. */
export interface Tally {
  readonly worlds: number;
  readonly events: number;
  readonly uploads: number;
  readonly committed: number;
  readonly coverage: Coverage;
  /** The first world in which a law did not hold: its seed. */
  readonly broken: number | null;
}

/** What a run has taken. */
export interface Cost {
  readonly seconds: number;
  /** Of one core. */
  readonly coreSeconds: number;
}

/** Runs worlds until the limits, or until a law breaks. */
export async function runWorlds(
  seed: number,
  { worlds, seconds }: Limits,
  { part, of, stop }: Share,
): Promise<Tally> {
  const coverage = new Coverage();
  coverage.watchMachine();
  const end = performance.now() + seconds * 1000;
  const sum = { worlds: 0, events: 0, uploads: 0, committed: 0 };
  let broken: number | null = null;
  for (
    let index = part;
    index < worlds && performance.now() < end && Atomics.load(stop, 0) === 0;
    index += of
  ) {
    const outcome = await runWorld(seedOf(seed, index), coverage);
    coverage.worldEnded(outcome.fired);
    sum.worlds += 1;
    sum.events += outcome.events;
    sum.uploads += outcome.uploads;
    sum.committed += outcome.committed;
    if (outcome.broke === null) continue;
    broken = outcome.seed;
    Atomics.store(stop, 0, 1);
  }
  return { ...sum, coverage, broken };
}

/** The counts of several threads as one. */
export function sumUp(tallies: readonly Tally[]): Tally {
  const coverage = new Coverage();
  for (const tally of tallies) coverage.add(tally.coverage);
  const sum = (name: "worlds" | "events" | "uploads" | "committed"): number =>
    tallies.reduce((all, tally) => all + tally[name], 0);
  return {
    worlds: sum("worlds"),
    events: sum("events"),
    uploads: sum("uploads"),
    committed: sum("committed"),
    coverage,
    broken: tallies.find(({ broken }) => broken !== null)?.broken ?? null,
  };
}

/** The counts as lines. */
export function formatTally(
  { coverage, worlds, events, uploads, committed }: Tally,
  { seconds, coreSeconds }: Cost,
): string {
  const { crashes, losses } = coverage;
  return [
    `${worlds} worlds, ${events} events, ${uploads} sessions, ${committed} of them acknowledged as committed`,
    `${crashes} crashes, ${losses} of which took something back that was written`,
    `${seconds.toFixed(0)} s, ${coreSeconds.toFixed(0)} s of one core: ${(worlds / coreSeconds).toFixed(0)} worlds and ${(crashes / coreSeconds).toFixed(0)} crashes for each second of a core`,
  ].join("\n");
}

/** Faults by kind, cells, awaits and pairs, and what was never hit, as Markdown. */
export function formatCoverage({ coverage: { faults, cells, awaits, pairs } }: Tally): string {
  const kinds = FAULT_KINDS.toSorted();
  const couples = kinds.flatMap((one, index) => kinds.slice(index + 1).map((other) => `${one} + ${other}`));
  return [
    formatCounts("fault", new Map(kinds.map((kind) => [kind, faults.get(kind) ?? 0]))),
    formatCounts("cell of the machine", cells),
    formatCounts("await at which an object died", awaits),
    `Pairs of faults in one world: ${pairs.size} of ${couples.length}. Never: ${couples.filter((pair) => !pairs.has(pair)).join(", ") || "none"}.`,
    `Cells never come by: ${
      [...cells]
        .filter(([, count]) => count === 0)
        .map(([cell]) => cell)
        .join(", ") || "none"
    }.`,
  ].join("\n\n");
}

function formatCounts(name: string, counts: ReadonlyMap<string, number>): string {
  const rows = [...counts].map(([what, count]) => `| ${what} | ${count} |`);
  return [`| ${name} | times |`, "| --- | --- |", ...rows].join("\n");
}
