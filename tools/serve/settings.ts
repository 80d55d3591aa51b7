import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parse, TomlError } from "smol-toml";
import { ConfigError, readConfig } from "../../src/config/config.ts";
import { PROJECT } from "./build.ts";
import { connectionsFor, descriptorLimit } from "./descriptors.ts";
import type { Environment, ServeOptions } from "./options.ts";
import { errorCode, ServeError } from "./serve-error.ts";
import { sessionKey } from "./state.ts";

/** The environment for workerd: only what is set. */
export type Settings = Record<string, string>;

const BINDINGS = join(PROJECT, "deploy", "workerd", "edge.capnp");
const WRANGLER_TOML = join(PROJECT, "wrangler.toml");
/** What this program tells the Worker, and nobody else. */
const OURS = new Set(["CLUSTER_READY_URL", "CONTROL_KEY"]);
/** What edge.capnp binds beside the settings, as far as a setting may need it. */
const BOUND = { UPLOAD_SEGMENTS: { getByName: () => null } };
const SECRETS = [
  "SESSION_KEY",
  "SESSION_KEY_PREVIOUS",
  "ORIGIN_AUTHORIZATION",
  "OPERATOR_TOKEN",
  "OPERATOR_READ_TOKEN",
];

/** Where Cloudflare keeps its objects; workerd has no such places. */
const OF_CLOUDFLARE = new Set(["SESSION_JURISDICTION", "SESSION_LOCATION_HINT"]);

/**
 * The settings that the Worker is started with: those of the file, replaced by environment variables of the same name,
 * and what this machine adds. Lists become JSON text, which the Worker reads as well.
 *
 * @throws ServeError with a sentence that names the file and the setting
 */
export async function readSettings(options: ServeOptions, environment: Environment): Promise<Settings> {
  const settings = await fromFile(options.config);
  for (const name of await settingNames()) {
    const value = environment[name];
    // A line "NAME=" of an environment file means: not set.
    if (value !== undefined && value !== "") settings[name] = value;
  }
  refuseCloudflares(environment, "the environment");
  settings["SESSION_KEY"] ??= await keyFor(options);
  // On one machine a database of all sessions is faster and its disk is used again; in a cluster each session has an
  // owner of its own (docs/decisions/0012).
  settings["SESSION_OBJECTS"] ??= options.cluster === null ? "1" : "0";
  settings["MAXIMUM_CONNECTIONS"] ??= String(connectionsFor(descriptorLimit()));
  // Self-hosted, nobody tells the HTTP door that a client has left while the origin is silent.
  settings["ANSWER_IDLE_TIMEOUT_SECONDS"] ??= "270";
  if (options.cluster !== null) settings["CLUSTER_READY_URL"] = readyUrl(options.cluster.listen);
  try {
    readConfig({ ...settings, ...BOUND });
  } catch (error) {
    if (error instanceof ConfigError) throw new ServeError(error.message);
    throw error;
  }
  return settings;
}

/** Every setting that edge.capnp hands to the Worker. */
async function settingNames(): Promise<string[]> {
  const bindings = await readFile(BINDINGS, "utf8");
  return [...bindings.matchAll(/fromEnvironment = "(\w+)"/g)]
    .map(([, name]) => name ?? "")
    .filter((name) => !OURS.has(name));
}

async function fromFile(file: string | null): Promise<Settings> {
  const path = file ?? WRANGLER_TOML;
  const content = await readToml(path);
  const values = file === null ? (content["vars"] ?? {}) : content;
  const names = await settingNames();
  const settings: Settings = {};
  refuseCloudflares(values, path);
  for (const [name, value] of Object.entries(values)) {
    if (!names.includes(name)) {
      throw new ServeError(`${path} sets ${name}, which is no setting; docs/configuration.md lists them.`);
    }
    settings[name] = typeof value === "string" ? value : JSON.stringify(value);
  }
  if (file !== null) await mustBePrivate(path, settings);
  return settings;
}

function refuseCloudflares(given: object, where: string): void {
  const [name] =
    Object.entries(given).find(([setting, value]) => OF_CLOUDFLARE.has(setting) && value !== "") ?? [];
  if (name === undefined) return;
  throw new ServeError(
    `${where} sets ${name}, which is for Cloudflare: here sessions are on this machine, or in the cluster's bucket.`,
  );
}

async function readToml(path: string): Promise<Record<string, unknown>> {
  try {
    return parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof TomlError) {
      const [reason = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
      throw new ServeError(`${path} is no TOML: ${reason}, in line ${error.line}, column ${error.column}.`);
    }
    throw new ServeError(`${path} cannot be read (${errorCode(error) ?? String(error)}).`);
  }
}

/** A secret may be in the file where nobody but its owner reads it. Windows has no such mode. */
async function mustBePrivate(path: string, settings: Settings): Promise<void> {
  const found = SECRETS.find((name) => settings[name] !== undefined);
  if (found === undefined || process.platform === "win32") return;
  if (((await stat(path)).mode & 0o077) === 0) return;
  throw new ServeError(`${path} has ${found}, and others may read it: chmod 600 ${path}`);
}

/** Every edge of a cluster has to have the same; an edge on its own makes one and keeps it. */
async function keyFor({ cluster, state, check }: ServeOptions): Promise<string> {
  if (cluster === null) return await sessionKey(state, !check);
  throw new ServeError(
    "--cluster needs SESSION_KEY in the environment, the same for all its edges (openssl rand -hex 32).",
  );
}

/** Where workerd says whether this edge serves, has its lease, and is not about to end. */
function readyUrl(listen: string): string {
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(listen) ?? [];
  return `http://${host === "*" || host === "0.0.0.0" ? "127.0.0.1" : host}:${port}/ready`;
}
