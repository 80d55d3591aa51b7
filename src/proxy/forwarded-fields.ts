import { dropConnectionBound, splitChallenges } from "../http1/connection-bound-auth.ts";
import { formatVia } from "../http1/via.ts";
import { mapToClient, mapToOrigin, type Places } from "./location.ts";

/** What the edge knows when it writes a field. */
export interface Exchange extends Places {
  readonly method: string;
  /** Null where no door could see it. */
  readonly clientAddress: string | null;
}

/**
 * Whose word a field is. "edge": the edge writes it, or nobody does. "hop": it is about one connection. "nobody": a client
 * could only forge it. "mapped": it passes with the edge's own place in it. "theirs": it passes as it came, and so does
 * every field that no row names.
 */
type Fate = "edge" | "hop" | "nobody" | "mapped" | "theirs";

interface Row {
  readonly fate: Fate;
  /** Names, in any case; one that ends with `*` is a beginning. */
  readonly names: readonly string[];
  readonly why: string;
  /** The new value, for "edge" and "mapped"; null for none. */
  readonly value?: (given: string | null, exchange: Exchange) => string | null;
}

/** From the client to the origin. RFC 9110 7.6 is what a gateway owes; docs/decisions/0019-who-is-asking.md the rest. */
// prettier-ignore
const REQUEST_FIELDS: readonly Row[] = [
  { fate: "hop", names: ["Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"],
    why: "about the client's connection (RFC 9110 7.6.1); what Connection names goes first. No other protocol is tunnelled" },
  { fate: "hop", names: ["Expect"], why: "answered by the door (RFC 9110 10.1.1)" },
  { fate: "hop", names: ["Content-Length"], why: "written anew with the bytes that are carried (RFC 9112 6)" },
  { fate: "hop", names: ["Host"], why: "the origin's own, of ORIGIN_URL; the client's is in X-Forwarded-Host" },
  { fate: "hop", names: ["Proxy-Authorization", "Proxy-Authenticate", "Proxy-Authentication-Info"], why: "between a client and its proxy, which the edge is not" },

  { fate: "nobody", names: ["Forwarded", "X-Forwarded-*", "X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP", "X-Cluster-Client-IP", "X-ProxyUser-IP", "CF-*"],
    why: "who the client is; read from TRUSTED_PROXIES, written below" },
  { fate: "nobody", names: ["Front-End-Https", "X-Url-Scheme", "X-Arr-*"], why: "how the client came; ARR says it of certificates too" },
  { fate: "nobody", names: ["X-Original-*", "X-Rewrite-*", "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override"],
    why: "another path, host or method than those that were judged" },
  { fate: "nobody", names: ["BITS-*", "Idempotency-Key"], why: "the edge's word in a notification ([MC-BUP] 2.2.12, ruling 24, notification headers)" },
  { fate: "nobody", names: ["Proxy"], why: "a CGI program would take it for the setting HTTP_PROXY" },

  { fate: "edge", names: ["X-Forwarded-For"], why: "the client's address, alone", value: (_, { clientAddress }) => clientAddress },
  { fate: "edge", names: ["X-Forwarded-Host"], why: "host and port that the client asked", value: (_, { clientUrl }) => clientUrl.host },
  { fate: "edge", names: ["X-Forwarded-Proto"], why: "the scheme that the client used", value: (_, { clientUrl }) => clientUrl.protocol.replace(":", "") },
  { fate: "mapped", names: ["Via"], why: "a gateway MUST (RFC 9110 7.6.3); a loop shows in it", value: formatVia },
  { fate: "mapped", names: ["Max-Forwards"], why: "one less, where OPTIONS has it (RFC 9110 7.6.2)", value: countDown },
  { fate: "mapped", names: ["Destination"], why: "WebDAV names the same server in it (RFC 4918 10.3)", value: mapToOrigin },
  { fate: "mapped", names: ["Accept-Encoding"], why: "without one the runtime would ask for what the client may not know", value: (given) => given ?? "identity" },

  { fate: "theirs", names: ["Authorization", "Cookie"], why: "the client's; but NTLM and Negotiate, which are a connection's, are removed (ruling 28, identity is never shared)" },
  { fate: "theirs", names: ["Range", "If-*", "Content-*", "Repr-Digest", "Want-*"], why: "about the bytes, which are not touched" },
];

/** From the origin to the client: the bytes and the fields that describe them pass as the origin sent them. */
// prettier-ignore
const RESPONSE_FIELDS: readonly Row[] = [
  { fate: "hop", names: ["Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"],
    why: "about the origin's connection (RFC 9110 7.6.1); what Connection names goes first" },
  { fate: "hop", names: ["Proxy-Authenticate", "Proxy-Authentication-Info"], why: "of a proxy before the origin, whose client is the edge" },
  { fate: "mapped", names: ["Location", "Content-Location"], why: "on the origin's own authority it is on the client's", value: mapToClient },
  { fate: "theirs", names: ["Content-Encoding", "Content-Length", "Content-Range", "ETag", "Vary"], why: "of the bytes as they are: nothing is decoded" },
  { fate: "theirs", names: ["WWW-Authenticate"], why: "a field for each challenge; but NTLM and Negotiate are removed (ruling 28, identity is never shared)" },
  { fate: "theirs", names: ["Set-Cookie"], why: "a field for each cookie (RFC 6265 3)" },
];

/** Fields of a message that goes on, and of which of them something was removed that authenticates a connection. */
export interface ForwardedFields {
  readonly headers: Headers;
  readonly removed: readonly string[];
}

/** The client's fields → the origin's. */
export function requestFields(given: Headers, exchange: Exchange): ForwardedFields {
  const headers = withoutNamed(given);
  for (const twin of [...headers.keys()].filter(isTwin)) headers.delete(twin);
  return { headers: follow(REQUEST_FIELDS, headers, exchange), removed: dropConnectionBound(headers) };
}

/** The origin's fields → the client's. */
export function responseFields(given: Headers, exchange: Exchange): ForwardedFields {
  const headers = follow(RESPONSE_FIELDS, withoutNamed(given), exchange);
  const removed = dropConnectionBound(headers);
  const challenges = splitChallenges(headers.get("WWW-Authenticate") ?? "");
  headers.delete("WWW-Authenticate");
  for (const challenge of challenges) headers.append("WWW-Authenticate", challenge);
  return { headers, removed };
}

/**
 * Whether a CGI program or IIS's server variables take a name for that of another field, which a client may not say:
 * X_Forwarded_For, X.Forwarded.For (RFC 3875 4.1.18). `name` is in lower case.
 */
function isTwin(name: string): boolean {
  const read = name.replaceAll(/[^a-z0-9]/g, "-");
  return read !== name && (rowOf(REQUEST_FIELDS, read)?.fate ?? "theirs") !== "theirs";
}

/** Without what Connection names: those go first, so that they cannot take away what the edge writes (RFC 9110 7.6.1). */
function withoutNamed(given: Headers): Headers {
  const headers = new Headers(given);
  for (const name of (given.get("Connection") ?? "").split(",").map((option) => option.trim())) {
    if (/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) headers.delete(name);
  }
  return headers;
}

/** Rows in their order, so that what the edge writes comes after what is removed. */
function follow(rows: readonly Row[], headers: Headers, exchange: Exchange): Headers {
  const given = new Headers(headers);
  for (const { fate, names, value } of rows) {
    if (fate === "theirs") continue;
    for (const name of names) {
      for (const known of matching(headers, name)) headers.delete(known);
      const written = value?.(given.get(name), exchange) ?? null;
      if (written !== null) headers.set(name, written);
    }
  }
  return headers;
}

function matching(headers: Headers, name: string): string[] {
  if (!name.endsWith("*")) return [name];
  const beginning = name.slice(0, -1).toLowerCase();
  return [...headers.keys()].filter((known) => known.startsWith(beginning));
}

function rowOf(rows: readonly Row[], name: string): Row | undefined {
  const fits = (row: string): boolean =>
    row.endsWith("*") ? name.startsWith(row.slice(0, -1).toLowerCase()) : row.toLowerCase() === name;
  return rows.find(({ names }) => names.some(fits));
}

function countDown(given: string | null, { method }: Exchange): string | null {
  return method === "OPTIONS" && given !== null && /^\d+$/.test(given) ? String(Number(given) - 1) : given;
}
