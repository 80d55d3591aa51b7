import { Coverage } from "./coverage.ts";
import { FAULT_KINDS, seedOf } from "./dice.ts";
import { runWorld } from "./shrink.ts";
import type { Outcome } from "./world.ts";

/** How long to go on: so many worlds, or so many seconds, whichever ends first. */
export interface Limits {
  readonly worlds: number;
  readonly seconds: number;
}

/** What a run of many worlds has counted. */
export interface Tally {
  readonly worlds: number;
  readonly events: number;
  readonly uploads: number;
  readonly committed: number;
  readonly seconds: number;
  /** Of one core. */
  readonly coreSeconds: number;
  readonly coverage: Coverage;
  /** The first world in which a law did not hold. */
  readonly broken: Outcome | null;
}

/** Runs worlds until the limits, or until a law breaks. */
export async function runWorlds(seed: number, { worlds, seconds }: Limits): Promise<Tally> {
  const coverage = new Coverage();
  coverage.watchMachine();
  const start = performance.now();
  const cpu = process.cpuUsage();
  const sum = { worlds: 0, events: 0, uploads: 0, committed: 0 };
  let broken: Outcome | null = null;
  while (broken === null && sum.worlds < worlds && performance.now() - start < seconds * 1000) {
    const outcome = await runWorld(seedOf(seed, sum.worlds), coverage);
    coverage.worldEnded(outcome.fired);
    sum.worlds += 1;
    sum.events += outcome.events;
    sum.uploads += outcome.uploads;
    sum.committed += outcome.committed;
    if (outcome.broke !== null) broken = outcome;
  }
  const { user, system } = process.cpuUsage(cpu);
  const coreSeconds = (user + system) / 1e6;
  return { ...sum, seconds: (performance.now() - start) / 1000, coreSeconds, coverage, broken };
}

/** The counts as lines. */
export function formatTally({ coverage, ...tally }: Tally): string {
  const { worlds, events, uploads, committed, seconds, coreSeconds } = tally;
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
