import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { PROJECT } from "../support/bundle.ts";
import { run } from "./run-program.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The packed package. */
    tarball: string;
    /** A project that has installed it, outside the tree. */
    consumer: string;
  }
}

/**
 * Packs the package as `npm publish` does (prepack builds it), and installs it in an empty folder. The tests have the
 * compiler and wrangler of the tree; whatever these read of bits-edge, they find in that folder.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "bits-package-"));
  const leave = async (): Promise<void> => await rm(folder, { recursive: true, force: true });
  try {
    await run("npm", ["pack", "--pack-destination", folder], PROJECT);
    const name = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
    if (name === undefined) throw new Error("npm pack left no tarball");
    const consumer = join(folder, "consumer");
    await mkdir(consumer);
    const manifest = { private: true, type: "module" };
    await writeFile(join(consumer, "package.json"), JSON.stringify(manifest));
    const tarball = join(folder, name);
    const beside = await versions("hono", "@cloudflare/workers-types");
    await run(
      "npm",
      ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball, ...beside],
      consumer,
    );
    provide("tarball", tarball);
    provide("consumer", consumer);
  } catch (error) {
    await leave();
    throw error;
  }
  return leave;
}

/** What an app installs beside the package, in the versions of this tree. */
async function versions(...names: readonly string[]): Promise<string[]> {
  const { devDependencies } = JSON.parse(await readFile(join(PROJECT, "package.json"), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  return names.map((name) => `${name}@${devDependencies[name] ?? "latest"}`);
}
