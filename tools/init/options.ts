import { Option } from "commander";

/** What the command line says; what it leaves open is asked on a terminal. */
export interface InitOptions {
  readonly target?: Target;
  readonly origin?: string;
  readonly directory?: readonly string[];
  readonly from?: string;
  readonly site?: string;
  readonly publicUrl?: string;
  readonly gateway?: GatewayName;
  readonly host?: string;
  readonly yes: boolean;
  readonly force: boolean;
}

/** Where the edge runs: as a Worker of Cloudflare, or in workerd on a machine of one's own. */
export type Target = (typeof TARGETS)[number];
const TARGETS = ["cloudflare", "own-machine"] as const;

/** What rewrites the verb in front of the HTTP door; `none` where clients reach the TCP door. */
export type GatewayName = (typeof GATEWAYS)[number];
const GATEWAYS = ["none", "nginx", "haproxy"] as const;

export function initOptions(): Option[] {
  return [
    new Option("--target <target>", "where the edge runs").choices(TARGETS),
    new Option("--origin <url>", "the server that gets the finished uploads, such as http://iis.example.com"),
    new Option("--directory <path...>", "folders that take uploads, such as /uploads/"),
    new Option("--from <file>", "take them from an applicationHost.config or MetaBase.xml instead").conflicts(
      "directory",
    ),
    new Option("--site <name>", "the web site in that file, where several take uploads"),
    new Option("--public-url <url>", "scheme and host by which clients reach the edge; needed by reference"),
    new Option("--gateway <program>", "write its configuration too").choices(GATEWAYS),
    new Option("--host <name>", "the name of the Worker, for a gateway in front of Cloudflare"),
    new Option("--yes", "ask nothing: what is not given has its default").default(false),
    new Option("--force", "write over files that are there").default(false),
  ];
}
