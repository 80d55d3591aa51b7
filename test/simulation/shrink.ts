import { Coverage } from "./coverage.ts";
import { type Outcome, World } from "./world.ts";

/** Runs one world. */
export async function runWorld(
  seed: number,
  coverage: Coverage,
  options: {
    readonly allowed?: ReadonlySet<string> | null;
    readonly clients?: number | null;
    readonly isTold?: boolean;
  } = {},
): Promise<Outcome> {
  const { allowed = null, clients = null, isTold = false } = options;
  return await new World(seed, coverage, { allowed, clients, isTold }).live(seed);
}

/**
 * Makes the story of a broken world short: leaves out the faults, then the clients, without which the same law breaks
 * (Zeller's delta debugging: halves first, then quarters, down to single faults).
 */
export async function shrink({ seed, broke, fired }: Outcome): Promise<Outcome> {
  const coverage = new Coverage();
  let clients: number | null = null;
  const breaks = async (allowed: readonly string[]): Promise<boolean> => {
    const outcome = await runWorld(seed, coverage, { allowed: new Set(allowed), clients });
    return outcome.broke?.law === broke?.law;
  };
  let kept = fired;
  for (let size = kept.length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < kept.length;) {
      const rest = kept.filter((_, index) => index < start || index >= start + size);
      if (await breaks(rest)) kept = rest;
      else start += size;
    }
  }
  for (const count of [2, 1]) {
    const before: number | null = clients;
    clients = count;
    if (!(await breaks(kept))) {
      clients = before;
      break;
    }
  }
  return await runWorld(seed, coverage, { allowed: new Set(kept), clients, isTold: true });
}
