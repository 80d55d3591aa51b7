import { canonicalPath } from "../config/canonical-path.ts";

/** The two sides of the edge. */
export interface Places {
  /** ORIGIN_URL: scheme, authority and perhaps a base path. */
  readonly originUrl: URL;
  /** The URL that the client asked for. */
  readonly clientUrl: URL;
}

/** A URL with an authority, or a path, and what follows it. */
const REFERENCE = /^(?:([a-z][a-z0-9+.-]*:)?\/\/([^/?#\\]*))?([/][^?#]*|(?=[?#]|$))(.*)$/is;

/**
 * The origin's Location or Content-Location as the client can use it: what is below ORIGIN_URL is below the edge. Others
 * are left, those with a relative path too, which mean the same on both sides. The rest of the URL stays letter by letter.
 */
export function mapToClient(location: string | null, { originUrl, clientUrl }: Places): string | null {
  const [, scheme, authority, path = "", rest = ""] = REFERENCE.exec(location ?? "") ?? [];
  if (location === null || (authority === undefined && path === "")) return location;
  const mapped = withoutBase(path, originUrl);
  if (mapped === null) return location;
  if (authority === undefined) return mapped + rest;
  const url = URL.parse(`${scheme ?? originUrl.protocol}//${authority}`);
  if (url === null || url.host !== originUrl.host || !/^https?:$/.test(url.protocol)) return location;
  // An origin that sends its client from http to https means that, of the edge.
  const isOtherScheme = url.protocol !== originUrl.protocol && url.protocol !== clientUrl.protocol;
  const place = isOtherScheme ? `${url.protocol}//${clientUrl.hostname}` : clientUrl.origin;
  return place + mapped + rest;
}

/**
 * WebDAV's Destination as the origin knows it: what is on the client's own authority, or on none, is below ORIGIN_URL.
 * Another server's is left, for the origin to refuse (RFC 4918 9.8.5). Its path has the canonical form, as the request's.
 *
 * @returns null for one that could be read in two ways; the request is refused by `isDestinationClear`
 */
export function mapToOrigin(destination: string | null, { originUrl, clientUrl }: Places): string | null {
  if (destination === null) return null;
  const [, scheme, authority, path = "", rest = ""] = REFERENCE.exec(destination) ?? [];
  if (path === "") return null;
  const url =
    authority === undefined ? clientUrl : URL.parse(`${scheme ?? clientUrl.protocol}//${authority}`);
  if (url === null) return null;
  if (url.host !== clientUrl.host) return destination;
  const canonical = canonicalPath(path);
  return canonical === null ? null : `${originUrl.origin}${baseOf(originUrl)}${canonical}${rest}`;
}

/** Whether a request's Destination, if it has one, names one place only. */
export function isDestinationClear(destination: string | null, places: Places): boolean {
  return destination === null || mapToOrigin(destination, places) !== null;
}

function withoutBase(path: string, originUrl: URL): string | null {
  const base = baseOf(originUrl);
  if (base === "") return path;
  return path === base || path.startsWith(`${base}/`) ? path.slice(base.length) || "/" : null;
}

function baseOf({ pathname }: URL): string {
  return pathname.replace(/\/+$/, "");
}
