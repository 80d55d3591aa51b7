import * as v from "valibot";
import { pathKey } from "./canonical-path.ts";
import { ConfigError, sentencesOf, toProblem } from "./config-error.ts";
import { VARIABLES } from "./config-schema.ts";
import { contradictionsOf } from "./contradictions.ts";
import { type DoorSettings, toDoor } from "./door-settings.ts";
import { type OperatorSettings, toOperator } from "./operator-settings.ts";
import { type Placement, toPlacement } from "./places.ts";
import { toDirectory, type UploadDirectory } from "./upload-directory.ts";

export { ConfigError } from "./config-error.ts";
export type { UploadDirectory } from "./upload-directory.ts";

/** What carries commits to the origin: a socket, the runtime's `fetch`, or the one that suits. */
type OriginConnection = "auto" | "socket" | "fetch";

/**
 * The whole configuration, as `readConfig` gives it. Bring one of your own to `bits` only together with an UploadSession
 * whose `config()` returns it too.
 *
 * @example
 * ```ts
 * const config: Config = { ...readConfig(env), healthPath: "/status" };
 * ```
 */
export interface Config {
  /** Scheme, host and base path of the origin, without a slash at its end. Required. */
  readonly originUrl: string;
  /**
   * Value of Authorization on the edge's own requests to the origin; null to send none.
   *
   * @default null
   */
  readonly originAuthorization: string | null;
  /** @default "auto" */
  readonly originConnection: OriginConnection;
  /** Leads to the origin in place of the public network; absent if `ORIGIN` is not bound. */
  readonly originBinding?: object;
  /**
   * Longest path first, so that the first match is the right one.
   *
   * @default []
   */
  readonly directories: readonly UploadDirectory[];
  /**
   * Keys of session ids: the first signs, all are accepted.
   *
   * @default [], and then only Ping is answered
   */
  readonly sessionKeys: readonly string[];
  /**
   * Scheme and host of the URLs that the edge makes of itself; null to use those that the client used.
   *
   * @default null
   */
  readonly publicUrl: string | null;
  /**
   * The path at which a monitor asks how the edge is.
   *
   * @default "/healthz"
   */
  readonly healthPath: string;
  /**
   * The URL at which the runtime says whether this edge is ready for requests; null if the edge is in no cluster.
   *
   * @default null
   */
  readonly clusterReadyUrl: string | null;
  /**
   * CIDR ranges of the gateways whose X-Forwarded-* the edge believes.
   *
   * @default []
   */
  readonly trustedProxies: readonly string[];
  /**
   * How many objects share the sessions, 0 to 255; with 0 each session has an object of its own.
   *
   * @default 0
   */
  readonly sessionObjects: number;
  /**
   * Where Cloudflare keeps the sessions.
   *
   * @default both null: near the client, in no jurisdiction
   */
  readonly placement: Placement;
  /**
   * Largest body of one Fragment, bytes.
   *
   * @default 67_108_864, 64 MiB
   */
  readonly maximumFragmentBytes: number;
  /**
   * HTTP door: the longest silence of the origin inside an answer that is not BITS, seconds; null for any. Nothing less
   * ends the connections of a client that has left with FIN, where the runtime does not tell of it, as workerd does not.
   *
   * @default null
   */
  readonly answerIdleTimeoutSeconds: number | null;
  /** The path of the operator's seat, and who may sit there. */
  readonly operator: OperatorSettings;
  /** @default {} */
  readonly door: DoorSettings;
}

const known = new WeakMap<object, Config>();

/**
 * Reads the whole configuration from the Worker's bindings, once for each `env`.
 *
 * @example
 * ```ts
 * const { directories } = readConfig({ ORIGIN_URL: "https://iis.example.com", UPLOAD_DIRECTORIES: [{ path: "/u/" }] });
 * ```
 *
 * @throws ConfigError with a sentence for each setting that is wrong
 */
export function readConfig(env: object): Config {
  const earlier = known.get(env);
  if (earlier !== undefined) return earlier;
  const config = parseConfig(env);
  known.set(env, config);
  return config;
}

function parseConfig(env: object): Config {
  // A workerd of one's own says null of an environment variable that is not set.
  const given: Record<string, unknown> = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== null),
  );
  for (const name of ["UPLOAD_DIRECTORIES", "TRUSTED_PROXIES"]) given[name] = parseJson(given[name]);
  const result = v.safeParse(VARIABLES, given);
  const problems = result.success ? contradictionsOf(result.output) : result.issues.map(toProblem);
  if (!result.success || problems.length > 0) throw new ConfigError(sentencesOf(problems));
  const variables = result.output;
  const directories = variables.UPLOAD_DIRECTORIES.map(toDirectory);
  directories.sort((one, other) => other.path.length - one.path.length);

  return {
    originUrl: new URL(variables.ORIGIN_URL).href.replace(/\/+$/, ""),
    originAuthorization: variables.ORIGIN_AUTHORIZATION ?? null,
    originConnection: variables.ORIGIN_CONNECTION,
    ...(variables.ORIGIN === undefined ? {} : { originBinding: variables.ORIGIN }),
    directories,
    sessionKeys: [variables.SESSION_KEY, variables.SESSION_KEY_PREVIOUS].filter((key) => key !== undefined),
    publicUrl: variables.PUBLIC_URL === undefined ? null : new URL(variables.PUBLIC_URL).origin,
    healthPath: variables.HEALTH_PATH,
    clusterReadyUrl: variables.CLUSTER_READY_URL ?? null,
    trustedProxies: variables.TRUSTED_PROXIES,
    sessionObjects: variables.SESSION_OBJECTS,
    placement: toPlacement(variables),
    maximumFragmentBytes: variables.MAXIMUM_FRAGMENT_BYTES,
    answerIdleTimeoutSeconds: variables.ANSWER_IDLE_TIMEOUT_SECONDS ?? null,
    operator: toOperator(variables),
    door: toDoor(variables),
  };
}

/**
 * The directory that serves `path`, enabled or not; null if none does. The longest prefix wins. A directory's path without
 * its slash is the directory itself.
 *
 * @param path in its canonical form, `canonicalPath`
 */
export function directoryOf(config: Config, path: string): UploadDirectory | null {
  const key = `${pathKey(path)}/`;
  return config.directories.find((directory) => key.startsWith(pathKey(directory.path))) ?? null;
}

/** wrangler.toml delivers a list, the dashboard and `--var` deliver its JSON text. */
function parseJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // refused below, with the sentence for a value that is no array
  }
}
