import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg, release, totalmem, type as systemName } from "node:os";
import { promisify } from "node:util";
import { PROJECT } from "../../test/support/bundle.ts";

/** Where and with what the figures were made: without it they mean little. */
export interface Machine {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGibibytes: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Load of the minute before: more than a few tenths means that somebody else was at work. */
  readonly loadBefore: number;
}

const PACKAGES = ["workerd", "wrangler", "@tus/server", "@tus/file-store"] as const;

export async function describeMachine(): Promise<Machine> {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: await commit(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGibibytes: Math.round(totalmem() / 2 ** 30),
    system: `${systemName()} ${release()}`,
    versions: {
      node: process.versions.node,
      sqlite: process.versions["sqlite"] ?? "unknown",
      ...Object.fromEntries(
        await Promise.all(PACKAGES.map(async (name) => [name, await versionOf(name)] as const)),
      ),
    },
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** With a plus where something of the project is not committed. */
async function commit(): Promise<string> {
  try {
    const changes = await git("status", "--porcelain", "--untracked-files=no", "--", "src", "bench");
    return `${await git("rev-parse", "--short", "HEAD")}${changes === "" ? "" : "+"}`;
  } catch {
    return "unknown";
  }
}

async function git(...args: string[]): Promise<string> {
  return (await promisify(execFile)("git", args, { cwd: PROJECT })).stdout.trim();
}

async function versionOf(name: string): Promise<string> {
  const here = createRequire(import.meta.url);
  // workerd is wrangler's own dependency and may lie below it.
  for (const require of [here, createRequire(here.resolve("wrangler/package.json"))]) {
    try {
      const entry = require.resolve(name === "workerd" ? "workerd/package.json" : name);
      const folder = entry.slice(0, entry.lastIndexOf(`/${name}/`) + name.length + 2);
      const description = JSON.parse(await readFile(`${folder}package.json`, "utf8")) as { version: string };
      return description.version;
    } catch {
      // The next one may know it.
    }
  }
  return "unknown";
}
