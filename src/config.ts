import * as v from "valibot";
import type { DoorLimits } from "./ingress/door-limits.ts";

/** A virtual directory with BITS uploads enabled. README, "Configuration", has IIS's names for these. */
export interface UploadDirectory {
  /** Prefix of the paths it serves, `/uploads/`; compared without case, as IIS does. */
  readonly path: string;
  readonly enabled: boolean;
  /** How the application learns of an upload: a PUT of the file, or a POST of it to `notificationUrl`. */
  readonly notification: "none" | "by-value";
  /** Absolute, or relative to the destination's folder; null for "none". */
  readonly notificationUrl: string | null;
  readonly allowOverwrites: boolean;
  readonly maximumUploadBytes: number;
  /** From the last accepted packet to the removal of everything, the tombstone too (ruling 23). */
  readonly sessionTimeoutSeconds: number;
  /** Longest silence of the application, and longest wait of a Close-Session (ruling 16). */
  readonly originTimeoutSeconds: number;
  /** By-value only: what to do where nobody knows whether the application took an upload (ruling 19). */
  readonly unknownOutcome: "retry" | "hold";
}

export interface Config {
  /** Scheme, host and base path of the origin, without a slash at its end. */
  readonly originUrl: string;
  /** Value of Authorization on commits; null to send none. */
  readonly originAuthorization: string | null;
  /** Longest path first, so that the first match is the right one. */
  readonly directories: readonly UploadDirectory[];
  /** Keys of session ids: the first signs, all are accepted. Empty where SESSION_KEY is not set. */
  readonly sessionKeys: readonly string[];
  /** Largest body of one Fragment, bytes. */
  readonly maximumFragmentBytes: number;
  readonly door: Partial<DoorLimits>;
}

/** What is wrong with the configuration: a sentence that names the variable and what was expected. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Two weeks, IIS's BITSSessionTimeout. */
const SESSION_TIMEOUT_SECONDS = 1_209_600;
/** Under the 300 s that a Windows client waits for an Ack ([MC-BUP] 3.1.2.2). */
const ORIGIN_TIMEOUT_SECONDS = 270;
/** Below the 10 GB that one Durable Object stores. */
const MAXIMUM_UPLOAD_BYTES = 9_000_000_000;
/** Windows sends 13 MB at most ([MC-BUP] 6, note 10); ruling 10 asks for 16 MiB at least. */
const MAXIMUM_FRAGMENT_BYTES = 64 * 1024 * 1024;

/** A whole number from `least` up; a variable set on the command line arrives as text. */
const whole = (least: number, expected: string) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))], expected),
    v.safeInteger(expected),
    v.minValue(least, expected),
  );

const SECONDS = whole(1, "a whole number of seconds, 1 or more");
const BYTES = whole(0, "a whole number of bytes, 0 or more");
const BOOLEAN = v.boolean("true or false");
/** Letters of a path that need no second look; `..`, `\`, `%2F` and the like can not match anything. */
const PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]+\/)*$/;

const DIRECTORY = v.pipe(
  v.strictObject(
    {
      path: v.optional(
        v.pipe(
          v.string("a path that begins and ends with a slash"),
          v.regex(PATH, "a path that begins and ends with a slash"),
        ),
        "",
      ),
      enabled: v.optional(BOOLEAN, true),
      notification: v.optional(v.picklist(["none", "by-value"], '"none" or "by-value"'), "none"),
      notification_url: v.optional(
        v.pipe(
          v.string("a URL"),
          v.nonEmpty("a URL"),
          v.maxLength(2200, "a URL of at most 2,200 characters"),
        ),
      ),
      allow_overwrites: v.optional(BOOLEAN, false),
      maximum_upload_bytes: v.optional(BYTES, MAXIMUM_UPLOAD_BYTES),
      session_timeout_seconds: v.optional(SECONDS, SESSION_TIMEOUT_SECONDS),
      origin_timeout_seconds: v.optional(SECONDS, ORIGIN_TIMEOUT_SECONDS),
      unknown_outcome: v.optional(v.picklist(["retry", "hold"], '"retry" or "hold"'), "retry"),
    },
    "a block of settings",
  ),
  v.forward(
    v.check(
      ({ notification, notification_url: url }) =>
        notification === "none" || isHttpUrl(url, "http://origin.invalid/"),
      'a URL (http or https, or relative), because notification is not "none"',
    ),
    ["notification_url"],
  ),
);

const VARIABLES = v.object({
  ORIGIN_URL: v.optional(
    v.pipe(
      v.string("an absolute URL, http or https, such as https://iis.example.com"),
      v.check((url) => isHttpUrl(url), "an absolute URL, http or https, such as https://iis.example.com"),
      v.check((url) => !/[?#]/.test(url), "a URL without a query or a fragment"),
    ),
    "",
  ),
  UPLOAD_DIRECTORIES: v.optional(v.array(DIRECTORY, "an array of directories, or the same as JSON text"), []),
  MAXIMUM_FRAGMENT_BYTES: v.optional(whole(1, "a whole number of bytes, 1 or more"), MAXIMUM_FRAGMENT_BYTES),
  HEAD_TIMEOUT_SECONDS: v.optional(SECONDS),
  BODY_IDLE_TIMEOUT_SECONDS: v.optional(SECONDS),
  KEEP_ALIVE_TIMEOUT_SECONDS: v.optional(SECONDS),
  CONNECTIONS_PER_CLIENT: v.optional(whole(1, "a whole number of connections, 1 or more")),
  SESSION_KEY: v.optional(v.pipe(v.string("text"), v.minLength(32, "a secret of 32 characters or more"))),
  SESSION_KEY_PREVIOUS: v.optional(
    v.pipe(v.string("text"), v.minLength(32, "a secret of 32 characters or more")),
  ),
  ORIGIN_AUTHORIZATION: v.optional(
    v.pipe(
      v.string("text"),
      v.regex(/^[\x20-\x7e]+$/, 'one line, the value of an Authorization header such as "Basic …"'),
    ),
  ),
});

const known = new WeakMap<object, Config>();

/**
 * Reads the whole configuration, once for each `env`.
 *
 * @throws ConfigError for the first value that is wrong
 */
export function readConfig(env: object): Config {
  const earlier = known.get(env);
  if (earlier !== undefined) return earlier;
  const config = parseConfig(env);
  known.set(env, config);
  return config;
}

function parseConfig(env: object): Config {
  const given: Record<string, unknown> = { ...env };
  given["UPLOAD_DIRECTORIES"] = parseJson(given["UPLOAD_DIRECTORIES"]);
  const result = v.safeParse(VARIABLES, given, { abortEarly: true });
  if (!result.success) throw new ConfigError(sentence(result.issues[0]));

  const variables = result.output;
  const directories = variables.UPLOAD_DIRECTORIES.map(toDirectory);
  directories.sort((one, other) => other.path.length - one.path.length);

  return {
    originUrl: variables.ORIGIN_URL.replace(/\/+$/, ""),
    originAuthorization: variables.ORIGIN_AUTHORIZATION ?? null,
    directories,
    sessionKeys: [variables.SESSION_KEY, variables.SESSION_KEY_PREVIOUS].filter((key) => key !== undefined),
    maximumFragmentBytes: variables.MAXIMUM_FRAGMENT_BYTES,
    door: withoutUndefined({
      headTimeoutSeconds: variables.HEAD_TIMEOUT_SECONDS,
      bodyIdleTimeoutSeconds: variables.BODY_IDLE_TIMEOUT_SECONDS,
      keepAliveTimeoutSeconds: variables.KEEP_ALIVE_TIMEOUT_SECONDS,
      connectionsPerClient: variables.CONNECTIONS_PER_CLIENT,
    }),
  };
}

/** wrangler.toml's spelling → ours. */
function toDirectory(settings: v.InferOutput<typeof DIRECTORY>): UploadDirectory {
  return {
    path: settings.path,
    enabled: settings.enabled,
    notification: settings.notification,
    notificationUrl: settings.notification_url ?? null,
    allowOverwrites: settings.allow_overwrites,
    maximumUploadBytes: settings.maximum_upload_bytes,
    sessionTimeoutSeconds: settings.session_timeout_seconds,
    originTimeoutSeconds: settings.origin_timeout_seconds,
    unknownOutcome: settings.unknown_outcome,
  };
}

/** The directory that serves `path`, enabled or not; null where there is none. The longest prefix wins. */
export function directoryOf(config: Config, path: string): UploadDirectory | null {
  const lower = path.toLowerCase();
  return config.directories.find((directory) => lower.startsWith(directory.path.toLowerCase())) ?? null;
}

function isHttpUrl(text: string | undefined, base?: string): boolean {
  const url = text === undefined ? null : URL.parse(text, base);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
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

/** `UPLOAD_DIRECTORIES[0].notification must be "none" or "by-value", but is "email".` */
function sentence(issue: v.BaseIssue<unknown>): string {
  const path = issue.path ?? [];
  const names = path.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  const variable = names.join("").replace(/^\./, "");
  if (issue.expected === "never")
    return `${variable} is no setting; README.md lists the settings of a directory.`;
  const value = path.at(-1)?.value;
  // Never repeat a secret into a log.
  const isSecret = /^(SESSION_KEY|ORIGIN_AUTHORIZATION)/.test(variable);
  const found =
    value === undefined || value === ""
      ? "is not set"
      : isSecret
        ? "is something else"
        : `is ${JSON.stringify(value)}`;
  return `${variable} must be ${issue.message}, but ${found}.`;
}

function withoutUndefined<T extends object>(value: T): { [key in keyof T]?: Exclude<T[key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [key in keyof T]?: Exclude<T[key], undefined>;
  };
}
