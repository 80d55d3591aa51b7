import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type ClusterOptions, readCluster } from "./cluster-options.ts";
import { address } from "./address.ts";
import { HELP } from "./help.ts";
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
  /** File of the settings, absolute; null for [vars] of wrangler.toml. */
  readonly config: string | null;
  readonly log: "text" | "json";
  readonly build: boolean;
  /** Only to say whether the configuration is right. */
  readonly check: boolean;
  /** The bucket that holds the sessions of several edges; null for an edge on its own. */
  readonly cluster: ClusterOptions | null;
}

/** Variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean" } as const;

/**
 * Reads the command line, and the environment for what it leaves open.
 *
 * @param isTerminal whether the log goes to a person, where nothing says its form
 * @throws ServeError with a sentence
 */
export function readOptions(
  args: readonly string[],
  environment: Environment,
  isTerminal = false,
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
  const config = values.config ?? environment["CONFIG"] ?? null;
  return {
    http: address("--http", values.http ?? environment["HTTP_ADDRESS"] ?? "8080"),
    tcp: address("--tcp", values.tcp ?? environment["TCP_ADDRESS"] ?? "8789"),
    tls: tls === null ? null : address("--tls", tls),
    certificates: certificates === null ? null : resolve(certificates),
    state: resolve(values.state ?? environment["STATE_FOLDER"] ?? "state"),
    config: config === null ? null : resolve(config),
    log: logForm(values.log ?? environment["LOG"] ?? (isTerminal ? "text" : "json")),
    build: values["no-build"] !== true,
    check: values.check === true,
    cluster: readCluster(
      {
        url: values.cluster ?? environment["CLUSTER"] ?? null,
        address: values["cluster-address"] ?? environment["CLUSTER_ADDRESS"] ?? null,
        listen: values["cluster-listen"] ?? environment["CLUSTER_LISTEN"] ?? null,
        replacesConfiguration: values["cluster-new-configuration"] === true,
      },
      environment,
    ),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        http: TEXT,
        tcp: TEXT,
        tls: TEXT,
        certificates: TEXT,
        state: TEXT,
        config: TEXT,
        check: FLAG,
        log: TEXT,
        "no-build": FLAG,
        cluster: TEXT,
        "cluster-address": TEXT,
        "cluster-listen": TEXT,
        "cluster-new-configuration": FLAG,
        help: FLAG,
      },
    }).values;
  } catch (error) {
    throw new ServeError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
}

function logForm(text: string): "text" | "json" {
  if (text === "text" || text === "json") return text;
  throw new ServeError(`--log must be text or json, but is ${text}.`);
}
