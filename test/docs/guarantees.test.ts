import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MOMENTS } from "../kill/moments.ts";
import { DIRECTORIES } from "../kill/plan.ts";

const PROJECT = join(import.meta.dirname, "..", "..");
const PAGE = readFileSync(join(PROJECT, "docs", "guarantees.md"), "utf8");

/** What is promised, and the words that say what shows it. */
const LINES = PAGE.split("\n")
  .filter((line) => line.startsWith("| ") && !line.includes("| shown by"))
  .filter((line) => !/^\| -+ \|/.test(line))
  .map((line) => line.split(" | ").map((cell) => cell.replace(/^\||\|$/g, "").trim()))
  .map((cells): [string, string] => [cells[0] ?? "", cells.at(-1) ?? ""]);

/** What of `words` names nothing that there is. */
function missing(words: string): string[] {
  return words.split("; ").filter((name) => !isThere(name));
}

function isThere(name: string): boolean {
  if (name.startsWith("not tested: ")) return true;
  if (name.startsWith("rounds in ")) {
    const named = Array.from(name.matchAll(/`([^`]+)`/g), ([, directory]) => directory);
    return named.length > 0 && named.every((directory) => DIRECTORIES.some((known) => known === directory));
  }
  const [, path, quotes] = /^`([^`]+)`((?:, "[^"]+")*)$/.exec(name) ?? [];
  if (path === undefined) return MOMENTS.some((moment) => moment.name === name);
  const text = readFileSync(join(PROJECT, path), "utf8");
  return Array.from(quotes?.matchAll(/"([^"]+)"/g) ?? []).every(([, quote = ""]) => text.includes(quote));
}

describe("docs/guarantees.md", () => {
  it("has a line for every promise", () => {
    expect(LINES.length).toBeGreaterThan(35);
  });

  it.each(LINES)("%s: what shows it is there", (_, words) => {
    expect(missing(words)).toEqual([]);
  });

  it("names every moment of the kill tests", () => {
    const named = new Set(LINES.flatMap(([, words]) => words.split("; ")));
    const unnamed = MOMENTS.map(({ name }) => name).filter((name) => !named.has(name));
    expect(unnamed).toEqual(["at random"]);
  });
});
