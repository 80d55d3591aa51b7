/**
 * Verb on the wire → method of the `Request` the app gets. These are the verbs the runtime's `Request` accepts
 * (tried one by one, workerd 2026-10-23), and BITS_POST, which it does not. Absent on purpose: CONNECT and TRACK,
 * which `Request` rejects, and TRACE, which would echo credentials. Verbs are case-sensitive (RFC 9110 section 9.1).
 */
const METHODS: ReadonlyMap<string, string> = new Map(
  [
    ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "PURGE"],
    ["PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL", "REPORT", "SEARCH"],
    ["MKACTIVITY", "CHECKOUT", "MERGE", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE"],
  ]
    .flat()
    .map((verb) => [verb, verb]),
);

/** The method that stands for `verb` in a `Request`, or null for a verb that the runtime cannot express (501). */
export function methodOf(verb: string): string | null {
  return verb === "BITS_POST" ? "POST" : (METHODS.get(verb) ?? null);
}
