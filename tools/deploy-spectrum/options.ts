import { parseArgs } from "node:util";

/** What the application is made of. */
export interface SpectrumOptions {
  /** Zone id, 32 hex digits. */
  readonly zone: string;
  /** The Worker's id (its script tag), 32 hex digits. */
  readonly worker: string;
  /** Name in the zone that BITS clients use. */
  readonly name: string;
  readonly port: number;
  /** "flexible": Spectrum ends TLS. */
  readonly tls: "off" | "flexible";
  /** Null for a dry run. */
  readonly token: string | null;
}

/** The command line is not complete, or not right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const HELP = `npm run deploy:spectrum -- --zone <id> --worker <id> --name <host> [options]

  --zone <id>     the zone's id                                  (CLOUDFLARE_ZONE_ID)
  --worker <id>   the Worker's id, its script tag                (CLOUDFLARE_WORKER_ID)
  --name <host>   the name that BITS clients use, in that zone
  --port <port>   default 80
  --tls <mode>    off (default) or flexible: Spectrum ends TLS, for --port 443
  --apply         send it, with CLOUDFLARE_API_TOKEN; without, it is only printed

docs/deploy.md says where the ids come from, and who can have such an application.`;

/**
 * Reads the command line, and the environment for the ids.
 *
 * @throws UsageError with a sentence
 */
export function readSpectrumOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): SpectrumOptions | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  const tls = values.tls ?? "off";
  if (tls !== "off" && tls !== "flexible") {
    throw new UsageError(
      `--tls must be off or flexible, the two that a Worker as origin may have, but is ${tls}.`,
    );
  }
  const port = values.port ?? "80";
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new UsageError(`--port must be a port, but is ${port}.`);
  }
  const token = environment["CLOUDFLARE_API_TOKEN"] ?? "";
  if (values.apply === true && token === "") {
    throw new UsageError(
      "--apply needs CLOUDFLARE_API_TOKEN, a token with the right to edit Spectrum in this zone.",
    );
  }
  return {
    zone: identifier("--zone", values.zone ?? environment["CLOUDFLARE_ZONE_ID"]),
    worker: identifier("--worker", values.worker ?? environment["CLOUDFLARE_WORKER_ID"]),
    name: hostName(values.name),
    port: Number(port),
    tls,
    token: values.apply === true ? token : null,
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    const options = { zone: text, worker: text, name: text, port: text, tls: text, apply: flag, help: flag };
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
}

function identifier(option: string, text: string | undefined): string {
  if (text !== undefined && /^[0-9a-f]{32}$/i.test(text)) return text;
  throw new UsageError(`${option} must be an id of 32 hex digits, but is ${text ?? "not given"}.\n\n${HELP}`);
}

function hostName(text: string | undefined): string {
  if (text !== undefined && /^(?:[a-z0-9-]{1,63}\.)+[a-z]{2,}$/i.test(text)) return text.toLowerCase();
  throw new UsageError(`--name must be a host name, but is ${text ?? "not given"}.\n\n${HELP}`);
}
