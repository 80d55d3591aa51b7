/** A longer one is none ([MC-BUP] 2.2.1.2). */
const MAXIMUM_LENGTH = 2200;

/** Where the origin is, and where its clients find the edge. */
interface Places {
  /** What a relative URL counts from. */
  readonly base: string;
  /** Scheme, host and base path of the origin, without a slash at its end. */
  readonly originUrl: string;
  /** Scheme and host of the edge, as the client has it. */
  readonly clientUrl: string;
}

/**
 * A URL that the origin gives its client, as the client of the edge can use it: one on the origin's own authority becomes
 * one on the edge's, which passes it through; any other stays.
 *
 * @returns null for what is no URL of http or https, or a longer one than the protocol has
 */
export function mapUrl(given: string, { base, originUrl, clientUrl }: Places): string | null {
  const url = URL.parse(given, base);
  const origin = new URL(originUrl);
  if (url === null || !/^https?:$/.test(url.protocol) || given.length > MAXIMUM_LENGTH) return null;
  if (url.host !== origin.host) return url.href;
  const basePath = origin.pathname.replace(/\/$/, "");
  // What is outside of the base path has no place at the edge.
  if (!url.pathname.startsWith(`${basePath}/`)) return url.href;
  return new URL(clientUrl).origin + url.pathname.slice(basePath.length) + url.search;
}
