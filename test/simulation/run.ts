import { parseArgs } from "node:util";
import { Coverage } from "./coverage.ts";
import { runWorld, shrink } from "./shrink.ts";
import { formatCoverage, formatTally, sumUp } from "./tally.ts";
import { runThread } from "./thread.ts";
import type { Outcome } from "./world.ts";

const USAGE = `npm run test:simulation -- [--seed S] [--worlds N] [--seconds T] [--cores C] [--coverage]
npm run test:simulation -- --world W [--whole]

Runs N worlds from seed S (a fresh one, if none is given), for T seconds at most, on C cores (1); ends at the first broken
law with exit code 1. --coverage also prints what they have come by. --world runs one world again, and tells its story, shortened if a
law breaks; --whole as it is.`;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    worlds: { type: "string", default: "Infinity" },
    seconds: { type: "string" },
    cores: { type: "string", default: "1" },
    world: { type: "string" },
    coverage: { type: "boolean", default: false },
    whole: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(USAGE);
else if (values.world === undefined) await runMany();
else await runOne(Number(values.world));

async function runMany(): Promise<void> {
  const seed = Number(values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  const worlds = Number(values.worlds);
  const seconds = Number(values.seconds ?? (worlds === Infinity ? 60 : Infinity));
  console.log(`seed ${seed}`);
  const start = performance.now();
  const cores = Number(values.cores);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const threads = Array.from(
    { length: cores },
    async (_, part) =>
      await runThread({ seed, limits: { worlds, seconds }, share: { part, of: cores, stop } }),
  );
  const tally = sumUp(await Promise.all(threads));
  const { user, system } = process.cpuUsage();
  const cost = { seconds: (performance.now() - start) / 1000, coreSeconds: (user + system) / 1e6 };
  if (values.coverage) console.log(`${formatCoverage(tally)}\n`);
  console.log(formatTally(tally, cost));
  if (tally.broken !== null) tell(await shrink(await runWorld(tally.broken, new Coverage())));
}

async function runOne(world: number): Promise<void> {
  const outcome = await runWorld(world, new Coverage(), { isTold: true });
  tell(outcome.broke === null || values.whole ? outcome : await shrink(outcome));
}

function tell({ seed, broke, fired, story }: Outcome): void {
  console.log(`\n${story}\n`);
  console.log(`faults: ${fired.join(", ") || "none"}`);
  console.log(broke === null ? "no law is broken" : `BROKEN: ${broke.message}`);
  console.log(`again: npm run test:simulation -- --world ${seed}`);
  if (broke !== null) process.exitCode = 1;
}
