import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Machine } from "../machine/machine.ts";
import type { Figure } from "../measure/figure.ts";
import { drawChart } from "./chart.ts";
import { writeMarkdown } from "./markdown.ts";

/** One suite's figures, as they stand in latest.json. */
export interface SuiteResult {
  readonly name: string;
  readonly title: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly figures: readonly Figure[];
}

/** Everything that was measured last, suite by suite: one may be run again without the others. */
export interface Result {
  readonly suites: readonly SuiteResult[];
}

const FOLDER = join(import.meta.dirname, "..", "results");

/** Puts `fresh` in the place of older results of the same suites, and writes the table and the chart anew. */
export async function writeResults(fresh: readonly SuiteResult[]): Promise<string> {
  const text = await readFile(join(FOLDER, "latest.json"), "utf8").catch(() => '{ "suites": [] }');
  const before = JSON.parse(text) as Result;
  const kept = before.suites.filter(({ name }) => fresh.every((suite) => suite.name !== name));
  const result: Result = { suites: [...fresh, ...kept] };
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, "latest.json"), `${JSON.stringify(result, null, 1)}\n`);
  await writeFile(join(FOLDER, "latest.md"), writeMarkdown(result));
  await writeFile(join(FOLDER, "latest.svg"), drawChart(result));
  return FOLDER;
}
