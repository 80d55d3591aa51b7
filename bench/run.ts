import { rm } from "node:fs/promises";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { Uploader } from "./client/uploader.ts";
import { startOrigin } from "./edge/origin.ts";
import { folderFor, hasMemoryFolder } from "./machine/folders.ts";
import { describeMachine } from "./machine/machine.ts";
import { Progress } from "./measure/progress.ts";
import type { SuiteResult } from "./report/result.ts";
import { writeResults } from "./report/write-results.ts";
import { formatSuite } from "./report/terminal.ts";
import { bulk } from "./suites/bulk.ts";
import { development } from "./suites/development.ts";
import { growth } from "./suites/growth.ts";
import { largeUpload } from "./suites/large-upload.ts";
import { money } from "./suites/money.ts";
import { smallSessions } from "./suites/small-sessions.ts";
import type { Stage } from "./suites/stage.ts";

/**
 * Speed, memory and money of the edge on this machine, against floors and a peer: `npm run bench`. docs/performance.md
 * says how to read it. A target that is missed is printed and fails nothing; an upload that fails does.
 */
const SUITES = [bulk, smallSessions, growth, largeUpload, money, development];
const ROUNDS = 5;
const QUICK_ROUNDS = 3;

const HELP = `Usage: npm run bench -- [options]

  --only NAME   One suite of: ${SUITES.map(({ name }) => name).join(", ")}. May be given again.
  --quick       Three runs of each figure in place of five, and shorter ones.
  --disk PATH   Folder on the disk to measure; default: the system's for temporary files.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    quick: { type: "boolean", default: false },
    disk: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(HELP);
} else {
  await main();
}

async function main(): Promise<void> {
  const chosen = SUITES.filter(({ name }) => values.only?.includes(name) ?? true);
  if (chosen.length === 0) throw new Error(HELP);
  if (!(await hasMemoryFolder())) throw new Error("The benchmark needs a folder in memory, as Linux has it.");
  const machine = await describeMachine();
  const rounds = values.quick ? QUICK_ROUNDS : ROUNDS;
  const progress = new Progress();
  const uploader = new Uploader();
  const origin = await startOrigin();
  const results: SuiteResult[] = [];
  try {
    const stage: Stage = { uploader, origin, progress, rounds, isQuick: values.quick, disk: values.disk };
    for (const suite of chosen) progress.expect(suite.steps * rounds);
    for (const suite of chosen) {
      const figures = await suite.run(stage);
      results.push({ name: suite.name, title: suite.title, machine, rounds, figures });
    }
  } finally {
    progress.stop();
    await uploader.stop();
    await origin.stop();
    for (const kind of ["memory", "disk"] as const) {
      await rm(await folderFor(kind, values.disk), { recursive: true, force: true });
    }
  }
  for (const result of results) console.log(formatSuite(result, process.stdout.isTTY));
  console.log(`\n${relative(process.cwd(), await writeResults(results))}`);
}
