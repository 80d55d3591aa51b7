/**
 * The verbs that the runtime's `Request` accepts (tried one by one, workerd 2026-10-23). Verbs are case-sensitive (RFC 9110
 * section 9.1).
 */
const NAMED: ReadonlySet<string> = new Set(
  [
    ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "PURGE"],
    ["PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL", "REPORT", "SEARCH"],
    ["MKACTIVITY", "CHECKOUT", "MERGE", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE"],
  ].flat(),
);
/** A tunnel, and the two verbs whose answer would show what the edge tells the origin. */
const REFUSED: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);
/** As verbs are written, CCM_POST and M-SEARCH among them; an application might take "post" for POST. */
const VERB = /^[A-Z][A-Z0-9_-]*$/;
/** What a `Request` says of a verb that the runtime has no name for: one that no application is likely to answer. */
const STAND_IN = "MKACTIVITY";

/** Whether the runtime's `Request` and `fetch` can say `verb`. */
export function isNamed(verb: string): boolean {
  return NAMED.has(verb);
}

/**
 * The method that stands for `verb` in the `Request` that the app gets; null for a verb that is refused (501). BITS_POST is
 * POST. The door tells the app the verb itself.
 */
export function methodOf(verb: string): string | null {
  if (isNamed(verb)) return verb;
  if (verb === "BITS_POST") return "POST";
  return VERB.test(verb) && !REFUSED.has(verb) ? STAND_IN : null;
}
