import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { drawChart } from "./chart.ts";
import { writeMarkdown } from "./markdown.ts";
import type { Result, SuiteResult } from "./result.ts";

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
