import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** The project's folder. */
export const PROJECT = join(import.meta.dirname, "..", "..");

const CACHE = join(PROJECT, "node_modules", ".cache", "bits-edge");
const KEPT_MILLISECONDS = 60 * 60 * 1000;

/** wrangler's own script, to be run with this Node; its launcher would take whatever node is first in PATH. */
export const WRANGLER = join(
  dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
  "bin",
  "wrangler.js",
);

/** wrangler without questions, without telling anyone, without looking for updates. */
export const QUIET = {
  CI: "true",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  NO_COLOR: "1",
};

/**
 * The production bundle of `main`, made by wrangler as `npm run deploy` makes it. Kept by the hash of all that
 * goes into it, so that many test files cost one build.
 *
 * @returns the path of the bundle's one module
 */
export async function bundle(main = join(PROJECT, "src", "index.ts")): Promise<string> {
  const folder = join(CACHE, await hashOf(main));
  const module = join(folder, "worker.js");
  if ((await stat(module).catch(() => {})) !== undefined) return module;
  await mkdir(CACHE, { recursive: true });
  await forgetOldBundles();
  const making = await mkdtemp(join(CACHE, "making-"));
  const args = [
    WRANGLER,
    "deploy",
    main,
    "--dry-run",
    "--outdir",
    making,
    "--config",
    join(PROJECT, "wrangler.toml"),
  ];
  await promisify(execFile)(process.execPath, args, { cwd: PROJECT, env: { ...process.env, ...QUIET } });
  const names = (await readdir(making)).filter((name) => name.endsWith(".js"));
  if (names.length !== 1) throw new Error(`expected one module in the bundle, got ${names.join(", ")}`);
  await rename(join(making, names[0] ?? ""), join(making, "worker.js"));
  // Of two builders at once the second finds the folder taken, by the same bytes.
  await rename(making, folder).catch(async () => rm(making, { recursive: true, force: true }));
  return module;
}

async function hashOf(main: string): Promise<string> {
  const sources = await readdir(dirname(main), { recursive: true, withFileTypes: true });
  const files = sources
    .filter((entry) => entry.isFile() && /\.(ts|js|mjs|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256").update(main);
  for (const file of [
    ...files,
    join(PROJECT, "wrangler.toml"),
    join(PROJECT, "package-lock.json"),
  ].toSorted()) {
    hash.update(`\0${file}\0`).update(await readFile(file));
  }
  return hash.digest("hex").slice(0, 16);
}

async function forgetOldBundles(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const folder = join(CACHE, name);
    const made = (await stat(folder).catch(() => {}))?.mtimeMs ?? Date.now();
    if (Date.now() - made > KEPT_MILLISECONDS) await rm(folder, { recursive: true, force: true });
  }
}
