import { Agent as PlainAgent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import type { TlsSettings } from "./tls-settings.ts";

/** Where packets go, and over which connection. */
export interface Route {
  readonly isSecure: boolean;
  /** For connecting: a name or an address, without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** For the Host header. */
  readonly host: string;
  readonly agent: PlainAgent;
  readonly tls: TlsSettings;
}

/**
 * The way to a URL's host, with a connection of its own: a session has one request at a time, and a scheme that
 * authenticates connections needs the same one again ([MC-BUP] 2.2.4).
 */
export function routeTo(url: URL, tls: TlsSettings): Route {
  const isSecure = url.protocol === "https:";
  const keeping = { keepAlive: true, maxSockets: 1 };
  return {
    isSecure,
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
    host: url.host,
    agent: isSecure ? new SecureAgent(keeping) : new PlainAgent(keeping),
    tls: isSecure ? tls : {},
  };
}

/** The same URL at the host that a server named by BITS-Host-Id; its port is the URL's unless it names one. */
export function atHost(url: URL, hostId: string): URL {
  const other = new URL(url);
  const port = /:(\d+)$/.exec(hostId.replace(/^\[.*\]/, ""))?.[1];
  other.hostname = port === undefined ? hostId : hostId.slice(0, -port.length - 1);
  if (port !== undefined) other.port = port;
  return other;
}

/** Ends its connection. */
export function closeRoute(route: Route): void {
  route.agent.destroy();
}
