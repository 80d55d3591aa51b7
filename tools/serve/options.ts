import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ServeError } from "./serve-error.ts";

/** How the edge is to be started. Addresses are `host:port`, as workerd takes them. */
export interface ServeOptions {
  readonly http: string;
  readonly tcp: string;
  /** Address of the TCP door behind TLS; null for none. */
  readonly tls: string | null;
  /** Folder with certificate.pem and key.pem. */
  readonly certificates: string | null;
  /** Folder of the sessions, absolute. */
  readonly state: string;
  readonly build: boolean;
}

export const HELP = `npm run serve -- [options]        the edge on this machine, in the foreground

  --http <address>         HTTP door, for gateways and POST    (HTTP_ADDRESS, default 8080)
  --tcp <address>          TCP door, for BITS clients          (TCP_ADDRESS,  default 8789)
  --tls <address>          TCP door behind TLS; needs --certificates           (TLS_ADDRESS)
  --certificates <folder>  certificate.pem (whole chain) and key.pem          (CERTIFICATES)
  --state <folder>         sessions and their bytes            (STATE_FOLDER, default ./state)
  --no-build               start what "npm run bundle" built, and do not build again

An address is a port, on which only this machine may connect; or "*:80" for everyone; or "192.0.2.7:80".
Settings come from [vars] of wrangler.toml; an environment variable of the same name comes first.
SESSION_KEY comes from the environment or from session-key in the state folder, made at the first start.
ORIGIN_AUTHORIZATION comes from the environment.`;

/**
 * Reads the command line, and the environment for what it leaves open.
 *
 * @throws ServeError with a sentence
 */
export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ServeOptions | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  const certificates = values.certificates ?? environment["CERTIFICATES"] ?? null;
  const tls = values.tls ?? environment["TLS_ADDRESS"] ?? null;
  if ((tls === null) !== (certificates === null)) {
    throw new ServeError(
      "--tls and --certificates go together: an address, and the folder of the certificate.",
    );
  }
  return {
    http: address("--http", values.http ?? environment["HTTP_ADDRESS"] ?? "8080"),
    tcp: address("--tcp", values.tcp ?? environment["TCP_ADDRESS"] ?? "8789"),
    tls: tls === null ? null : address("--tls", tls),
    certificates: certificates === null ? null : resolve(certificates),
    state: resolve(values.state ?? environment["STATE_FOLDER"] ?? "state"),
    build: values["no-build"] !== true,
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        http: text,
        tcp: text,
        tls: text,
        certificates: text,
        state: text,
        "no-build": flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    throw new ServeError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
}

/** A port alone means this machine only: nothing is open to others before someone says so. */
function address(option: string, text: string): string {
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new ServeError(`${option} must be a port or host:port, such as 8080 or *:80, but is ${text}.`);
  }
  return `${host ?? "127.0.0.1"}:${port}`;
}
