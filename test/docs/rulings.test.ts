import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";

const read = async (path: string): Promise<string> => await readFile(join(PROJECT, path), "utf8");

/** The name of each ruling, by its number, as docs/protocol.md has it. */
async function namesOfRulings(): Promise<Map<number, string>> {
  const rows = (await read("docs/protocol.md")).matchAll(/^(\d+)\. \*\*(.+?)\.?\*\*/gm);
  return new Map([...rows].map(([, number, name = ""]) => [Number(number), name.toLowerCase()]));
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(join(PROJECT, folder), { recursive: true });
  return entries.filter((path) => /\.(tsx?|md)$/.test(path)).map((path) => join(folder, path));
}

/** A comment's lines as one, in lower case. */
const asProse = (text: string): string => text.replaceAll(/\s+(?:\*|\/\/)?\s*/g, " ").toLowerCase();

test("a ruling is cited by its number and its name", async () => {
  const names = await namesOfRulings();
  expect([...names.keys()]).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  const bare: string[] = [];
  for (const path of [...(await filesOf("src")), ...(await filesOf("docs"))]) {
    const text = asProse(await read(path));
    for (const { 0: words, 1: number, index } of text.matchAll(/\brulings? (\d+)/g)) {
      const cited = text.slice(index + words.length);
      if (!cited.startsWith(`, ${names.get(Number(number)) ?? "?"}`))
        bare.push(`${path}: ${words}${cited.slice(0, 50)}`);
    }
  }
  expect(bare).toEqual([]);
});
