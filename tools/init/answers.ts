import { ConfigError, readConfig } from "../../src/config/config.ts";
import { CliError } from "../terminal/cli-error.ts";
import type { GatewayName, Target } from "./options.ts";

/** A directory's settings, by their names in the configuration. */
export type DirectorySettings = Readonly<Record<string, unknown>>;

/** Everything that the files are made of. */
export interface Answers {
  readonly target: Target;
  readonly originUrl: string;
  readonly directories: readonly DirectorySettings[];
  /** What the edge's own URLs begin with; null where nothing needs them. */
  readonly publicUrl: string | null;
  readonly gateway: GatewayName;
  /** The name of the Worker, which a gateway in front of Cloudflare connects to; null where there is none. */
  readonly host: string | null;
}

/** Settings by name, as the Worker gets them. */
export function settingsOf({
  originUrl,
  directories,
  publicUrl,
  gateway,
  target,
}: Answers): Record<string, unknown> {
  // A gateway beside the edge: only it may say who the client is.
  const isBeside = gateway !== "none" && target === "own-machine";
  return {
    ORIGIN_URL: originUrl,
    ...(publicUrl === null ? {} : { PUBLIC_URL: publicUrl }),
    ...(isBeside ? { TRUSTED_PROXIES: ["127.0.0.1/32"] } : {}),
    UPLOAD_DIRECTORIES: directories,
  };
}

/**
 * Has the edge itself read what it would be given.
 *
 * @throws CliError with the sentence that it would log
 */
export function mustBeRight(answers: Answers): void {
  try {
    readConfig({ ...settingsOf(answers), SESSION_KEY: "0".repeat(32) });
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError("usage", error.message);
    throw error;
  }
  if (answers.target === "cloudflare" && answers.gateway !== "none" && answers.host === null) {
    throw new CliError(
      "usage",
      "--host: a gateway in front of Cloudflare needs the Worker's name, such as bits.example.com.",
    );
  }
}

/** A folder as a person writes it → as the configuration wants it, with a slash at both ends. */
export function asDirectory(text: string): DirectorySettings {
  return { path: `/${text.replace(/^\/+|\/+$/g, "")}/`.replace("//", "/") };
}
