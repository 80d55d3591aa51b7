import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { experimental_readRawConfig as readRawConfig } from "wrangler";
import { PROJECT } from "./build.ts";
import { ServeError } from "./serve-error.ts";

/** The environment for workerd: only what is set. */
export type Settings = Record<string, string>;

const CONFIG = join(PROJECT, "deploy", "workerd", "edge.capnp");

/**
 * The settings that the Worker is started with: [vars] of wrangler.toml, replaced by environment variables
 * of the same name. Lists become JSON text, which the Worker reads as well.
 *
 * @throws ServeError where wrangler.toml has a setting for which edge.capnp has no binding
 */
export async function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Settings> {
  const names = [...(await readFile(CONFIG, "utf8")).matchAll(/fromEnvironment = "(\w+)"/g)].map(
    ([, name]) => name ?? "",
  );
  const { rawConfig } = readRawConfig({ config: join(PROJECT, "wrangler.toml") });
  const settings: Settings = {};
  for (const [name, value] of Object.entries(rawConfig.vars ?? {})) {
    if (!names.includes(name)) {
      throw new ServeError(`wrangler.toml sets ${name}, but deploy/workerd/edge.capnp does not bind it.`);
    }
    settings[name] = typeof value === "string" ? value : JSON.stringify(value);
  }
  for (const name of names) {
    const value = environment[name];
    // A line "NAME=" of an environment file means: not set.
    if (value !== undefined && value !== "") settings[name] = value;
  }
  return settings;
}
