import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Plant, PLANTS, VARIANTS } from "./plants.ts";

/**
 * Plants each fault in a copy of the tree and lets worlds be simulated there until one breaks a law, for a minute at
 * most. With --variants it changes sizes instead, and no law may break. Exit code 1 if one is not found, or breaks.
 */
const ROOT = join(import.meta.dirname, "../..");
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    cores: { type: "string", default: String(availableParallelism()) },
    only: { type: "string", default: "" },
    variants: { type: "boolean", default: false },
  },
});

let missed = 0;
const folder = mkdtempSync(join(tmpdir(), "planted-"));
try {
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  cpSync(import.meta.dirname, join(folder, "test/simulation"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  console.log("| planted fault | worlds | seconds | world | law |\n| --- | --- | --- | --- | --- |");
  for (const plant of values.variants ? VARIANTS : PLANTS) {
    if (!plant.name.includes(values.only)) continue;
    const found = hunt(plant);
    if (found === values.variants) missed += 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (missed > 0) {
  console.error(`${missed} ${values.variants ? "variants break a law" : "planted faults were not found"}`);
  process.exitCode = 1;
}

function change({ name, file, changes }: Plant): void {
  const path = join(folder, "src", file);
  let text = readFileSync(path, "utf8");
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${file} does not have what "${name}" replaces: ${from}`);
    text = text.replace(from, () => to);
  }
  writeFileSync(path, text);
}

function hunt(plant: Plant): boolean {
  const { name, also } = plant;
  cpSync(join(ROOT, "src"), join(folder, "src"), { recursive: true, force: true });
  for (const one of also === undefined ? [plant] : [plant, also]) change(one);
  const run = spawnSync(
    process.execPath,
    ["test/simulation/run.ts", "--seed", "1", "--seconds", values.seconds, "--cores", values.cores],
    { cwd: folder, encoding: "utf8" },
  );
  const [, worlds = "?"] = /^(\d+) worlds/m.exec(run.stdout) ?? [];
  const [, seconds = "?"] = /^([\d.]+) s,/m.exec(run.stdout) ?? [];
  const [, world = ""] = /--world (\d+)$/m.exec(run.stdout) ?? [];
  const [, law] = /^BROKEN: (.*)$/m.exec(run.stdout) ?? [];
  console.log(
    `| ${name} | ${worlds} | ${seconds} | ${world} | ${law ?? `none ${run.stderr.trim().split("\n").at(-1) ?? ""}`} |`,
  );
  return law !== undefined;
}
