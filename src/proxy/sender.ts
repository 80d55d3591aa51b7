import ipaddr from "ipaddr.js";
import { isInRanges } from "../config/address-ranges.ts";
import { canonicalTarget } from "../config/canonical-path.ts";
import { isAuthority } from "../http1/request-target.ts";
import { log } from "../runtime/log.ts";

/** The request as its client made it: seen through the gateways before the edge that we trust. */
export interface Sender {
  /** An IP address without port and brackets; null where nobody knows it. */
  readonly clientAddress: string | null;
  /** The absolute URL that the client asked for, its path in the canonical form. */
  readonly url: string;
}

/** What the door says of the request; the whole of it is an `Arrival`. */
interface Seen {
  readonly target: string;
  readonly clientAddress: string | null;
}

/** What is believed of a gateway, and of nobody else. docs/deploy.md, "Behind a gateway", tells operators. */
const FIELDS = {
  address: "X-Forwarded-For",
  scheme: "X-Forwarded-Proto",
  host: "X-Forwarded-Host",
  port: "X-Forwarded-Port",
} as const;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };

/**
 * Who sent `request`, and to what URL. The X-Forwarded fields are believed only where the connection itself comes from
 * one of `trustedProxies`; from anybody else they are a client's invention. Each gateway adds an entry at the end of a
 * list: read from there, the first address that is no gateway of ours is the client's, and the same gateway's entries
 * say the scheme, host and port. What cannot be read is not believed, and one log line says so; `Forwarded` (RFC 7239)
 * is not read at all (docs/decisions/0019-who-is-asking.md).
 *
 * @param trustedProxies CIDR ranges
 */
export function senderOf(request: Request, seen: Seen, trustedProxies: readonly string[]): Sender {
  const { headers } = request;
  const own = addressOf(request);
  const { clientAddress: peer } = seen;
  if (peer === null || !isInRanges(peer, trustedProxies))
    return { clientAddress: peer, url: urlOf(own, request, seen) };
  if (headers.has("Forwarded") && !headers.has(FIELDS.address)) notBelieved("Forwarded");
  const { clientAddress, gateways } = clientOf(listOf(headers, FIELDS.address), peer, trustedProxies);
  const said = (field: keyof typeof FIELDS): string | null => {
    const entries = listOf(headers, FIELDS[field]);
    return entries.at(-Math.min(gateways, entries.length)) ?? null;
  };
  const scheme = believed(FIELDS.scheme, said("scheme")?.toLowerCase() ?? null, isScheme) ?? own.scheme;
  const host = believed(FIELDS.host, said("host"), isAuthority);
  const port = believed(FIELDS.port, said("port"), isPort);
  return { clientAddress, url: urlOf({ scheme, ...authorityOf(host, port, own) }, request, seen) };
}

interface Address {
  readonly scheme: string;
  /** Without a port. */
  readonly host: string;
  /** Empty for the scheme's own. */
  readonly port: string;
}

/**
 * A host that a gateway names replaces the whole authority: the port of the connection to the edge has nothing to do
 * with it. A port that it names counts where the host has none of its own.
 */
function authorityOf(host: string | null, port: string | null, own: Address): Omit<Address, "scheme"> {
  const named = host === null ? null : splitAuthority(host);
  if (named === null) return { host: own.host, port: port ?? own.port };
  return { host: named.host, port: named.port || (port ?? "") };
}

/** As the request itself names them. Host is what the client wrote; a door has made the URL of it. */
function addressOf(request: Request): Address {
  const { protocol, host } = new URL(request.url);
  return { scheme: protocol.replace(":", ""), ...splitAuthority(host) };
}

function splitAuthority(authority: string): Omit<Address, "scheme"> {
  const [, host = authority, port = ""] = /^(.*?)(?::(\d*))?$/.exec(authority) ?? [];
  return { host, port };
}

function urlOf({ scheme, host, port }: Address, { url }: Request, seen: Seen): string {
  const { path, search } = canonicalTarget(seen.target) ?? pathAndQuery(url);
  const suffix = port === "" || port === DEFAULT_PORTS[scheme] ? "" : `:${port}`;
  return `${scheme}://${host}${suffix}${path}${search}`;
}

/** For the log of a request that is refused for its path. */
function pathAndQuery(url: string): { path: string; search: string } {
  const { pathname: path, search } = new URL(url);
  return { path, search };
}

/** @returns the client's address, and how many entries from the end of each list its gateway's are */
function clientOf(
  entries: readonly string[],
  peer: string,
  trustedProxies: readonly string[],
): { clientAddress: string | null; gateways: number } {
  let clientAddress = peer;
  for (const [gateways, entry] of entries.toReversed().entries()) {
    const address = parseAddress(entry);
    if (address === null) {
      notBelieved(FIELDS.address);
      return { clientAddress: null, gateways: gateways + 1 };
    }
    clientAddress = address;
    if (!isInRanges(address, trustedProxies)) return { clientAddress, gateways: gateways + 1 };
  }
  return { clientAddress, gateways: Math.max(1, entries.length) };
}

/**
 * An entry of X-Forwarded-For → the address in it: `203.0.113.7`, `203.0.113.7:51234` and `[2001:db8::1]:4711` (Azure
 * Application Gateway and IIS's ARR send ports), each in quotes or not. An IPv4 address in IPv6's clothes is IPv4.
 *
 * @returns null where it holds none: `unknown`, a name, 127.1
 */
function parseAddress(entry: string): string | null {
  const text = entry.replace(/^"(.*)"$/, "$1").trim();
  const bracketed = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1];
  const withPort = /^([\d.]+):\d+$/.exec(text)?.[1];
  const address = bracketed ?? withPort ?? text;
  if (bracketed !== undefined && !bracketed.includes(":")) return null;
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  return isAddress ? ipaddr.process(address.replace(/%.*$/, "")).toString() : null;
}

/** Several fields of a name are one list (RFC 9110 5.3); `Headers` has joined them. Empty entries count for nothing. */
function listOf(headers: Headers, name: string): string[] {
  const entries = (headers.get(name) ?? "").split(",").map((entry) => entry.trim());
  return entries.filter((entry) => entry !== "");
}

function believed(name: string, value: string | null, isRight: (value: string) => boolean): string | null {
  if (value === null || isRight(value)) return value;
  notBelieved(name);
  return null;
}

function notBelieved(field: string): void {
  log("forwarded-not-believed", { field });
}

function isScheme(text: string): boolean {
  return text === "http" || text === "https";
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536;
}
