import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
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

/** A Worker ready for the bare runtime. */
export interface Bundle {
  /** Path of its one module. */
  readonly module: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly durableObjects: readonly { readonly binding: string; readonly className: string }[];
}

/** What this process has asked for: its sources are hashed once. */
const bundles = new Map<string, Promise<Bundle>>();

/**
 * The production bundle of `main`, made by wrangler as `npm run deploy` makes it, with what wrangler.toml says of
 * it. Kept by the hash of all that goes into it, so that many test files cost one build.
 */
export async function bundle(main = join(PROJECT, "src", "worker.ts")): Promise<Bundle> {
  const known = bundles.get(main) ?? makeOnce(main);
  bundles.set(main, known);
  return known;
}

async function makeOnce(main: string): Promise<Bundle> {
  const folder = join(CACHE, await hashOf(main));
  const kept = await readFile(join(folder, "settings.json"), "utf8").catch(() => {});
  if (kept === undefined) await make(main, folder);
  // It is as old as its last use: a build of something else must not take it from a run that has it.
  else await utimes(folder, new Date(), new Date());
  const settings = kept ?? (await readFile(join(folder, "settings.json"), "utf8"));
  return { ...(JSON.parse(settings) as Omit<Bundle, "module">), module: join(folder, "worker.js") };
}

async function make(main: string, folder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  await forgetOldBundles();
  const making = await mkdtemp(join(CACHE, "making-"));
  try {
    const config = join(PROJECT, "wrangler.toml");
    const args = [WRANGLER, "deploy", main, "--dry-run", "--outdir", making, "--config", config];
    await promisify(execFile)(process.execPath, args, { cwd: PROJECT, env: { ...process.env, ...QUIET } });
    const names = (await readdir(making)).filter((name) => name.endsWith(".js"));
    if (names.length !== 1) throw new Error(`expected one module in the bundle, got ${names.join(", ")}`);
    await rename(join(making, names[0] ?? ""), join(making, "worker.js"));
    await writeFile(join(making, "settings.json"), JSON.stringify(await readSettings(config)));
    // Of two builders at once the second finds the folder taken, by the same bytes.
    await rename(making, folder).catch(() => {});
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

async function readSettings(config: string): Promise<Omit<Bundle, "module">> {
  // Loaded only for a new bundle: it brings all of wrangler into this process.
  const { unstable_readConfig: readConfig } = await import("wrangler");
  const settings = readConfig({ config }, { hideWarnings: true });
  return {
    compatibilityDate: settings.compatibility_date ?? "",
    compatibilityFlags: settings.compatibility_flags,
    durableObjects: settings.durable_objects.bindings.map(
      (binding: { name: string; class_name: string }) => ({
        binding: binding.name,
        className: binding.class_name,
      }),
    ),
  };
}

async function hashOf(main: string): Promise<string> {
  // An entry point of a test's or an example's lies elsewhere than what it imports.
  const folders = [...new Set([dirname(main), join(PROJECT, "src")])];
  const sources = await Promise.all(
    folders.map(async (folder) => await readdir(folder, { recursive: true, withFileTypes: true })),
  );
  const files = sources
    .flat()
    .filter((entry) => entry.isFile() && /\.(tsx?|js|mjs|json)$/.test(entry.name))
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
    const used = (await stat(folder).catch(() => {}))?.mtimeMs ?? Date.now();
    if (Date.now() - used > KEPT_MILLISECONDS) await rm(folder, { recursive: true, force: true });
  }
}
