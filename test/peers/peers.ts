import { startApacheProxy } from "./apache.ts";
import { startCaddy } from "./caddy.ts";
import type { StartProgram } from "./gateway.ts";
import { startHaproxy } from "./haproxy.ts";
import { startNginx } from "./nginx.ts";
import { startVarnish, startVarnishTcp } from "./varnish.ts";

/** A gateway for which this project ships a file. */
export interface Peer {
  readonly name: string;
  readonly start: StartProgram;
  /** The edge's door behind it: at "http" it makes POST of BITS_POST, at "tcp" it leaves the verb alone. */
  readonly door: "http" | "tcp";
  /** Its process as the system names it, and what that has in memory at rest with some room: MiB. */
  readonly process: string;
  readonly restingMebibytes: number;
  /** Whether it refuses a chunked body by itself, 411, because it would not pass a broken one on as broken. */
  readonly refusesChunks?: true;
  /** What the edge behind it has to be told, beside what every edge is; default: nothing. */
  readonly vars?: Readonly<Record<string, unknown>>;
}

/** On Linux all of 127.0.0.0/8 is this machine: an address of the client's own. */
export const CLIENT_ADDRESS = process.platform === "linux" ? "127.0.0.9" : "127.0.0.1";

export const PEERS: readonly Peer[] = [
  { name: "nginx", start: startNginx, door: "http", process: "nginx", restingMebibytes: 40 },
  { name: "haproxy", start: startHaproxy, door: "http", process: "haproxy", restingMebibytes: 40 },
  { name: "caddy", start: startCaddy, door: "http", process: "caddy", restingMebibytes: 80 },
  {
    name: "varnish",
    start: startVarnish,
    door: "http",
    process: "cache-main",
    restingMebibytes: 120,
    refusesChunks: true,
  },
  {
    name: "varnish-tcp",
    start: startVarnishTcp,
    door: "tcp",
    process: "cache-main",
    restingMebibytes: 120,
    // A pipe's address comes by the PROXY protocol.
    vars: { PROXY_PROTOCOL: true, TRUSTED_PROXIES: ["127.0.0.1/32"] },
  },
  { name: "apache", start: startApacheProxy, door: "tcp", process: "apache2", restingMebibytes: 40 },
];

/** Those that can lead to an edge on Cloudflare. */
export const BEFORE_CLOUDFLARE = PEERS.filter(({ name }) => name === "nginx" || name === "haproxy");

/** `host:port` of the door to which a gateway leads. */
export function doorOf(
  { door }: Peer,
  edge: { readonly httpPort: number; readonly tcpPort: number },
): string {
  return `127.0.0.1:${door === "http" ? edge.httpPort : edge.tcpPort}`;
}
