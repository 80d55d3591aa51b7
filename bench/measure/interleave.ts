import type { Progress } from "./progress.ts";

/** Things that are measured in turn: edge, floor, peer, edge, floor, peer and so on. */
export type Contestants<Name extends string, Result> = Readonly<Record<Name, () => Promise<Result>>>;

/** Results of all rounds, by contestant. */
export type Rounds<Name extends string, Result> = Readonly<Record<Name, readonly Result[]>>;

/**
 * Runs every contestant once a round, beginning with another one each time, so that slow minutes of the machine and
 * what one leaves behind for the next fall on all of them alike.
 */
export async function interleave<Name extends string, Result>(
  contestants: Contestants<Name, Result>,
  rounds: number,
  progress: Progress,
  label: string,
): Promise<Rounds<Name, Result>> {
  const names = Object.keys(contestants) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length];
      if (name === undefined) continue;
      progress.say(`${label}, ${name}`);
      results[name].push(await contestants[name]());
      progress.step();
    }
  }
  return results;
}
