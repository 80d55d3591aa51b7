/**
 * Schemes that authenticate a connection and not a request: what was shown once counts for whatever follows on it
 * (RFC 4559 section 6 for Negotiate, [MS-NTHT] for NTLM, [MS-N2HT] for Nego2). The runtime shares its connections to the
 * origin between clients, so the next client would be answered as the one before (ruling 28, identity is
 * never shared).
 */
const SCHEMES: ReadonlySet<string> = new Set(["ntlm", "negotiate", "nego2"]);
/**
 * A request says its credentials in these. They are one scheme's (RFC 9110 section 11.4); of a client that writes the
 * field twice `Headers` makes a list, and it goes whole.
 */
const CREDENTIALS = ["Authorization", "Proxy-Authorization"];
/** A response offers its schemes in these; others stay. */
const CHALLENGES = ["WWW-Authenticate", "Proxy-Authenticate"];
/** IIS says with it whether the connection stays authenticated. */
const PERSISTENT_AUTH = "Persistent-Auth";

/** Whether a challenge or credentials are of such a scheme; `Negotiate:Kerberos`, as IIS may be told to say, is one. */
export function isConnectionBound(challengeOrCredentials: string): boolean {
  const [scheme = ""] = challengeOrCredentials.trim().split(/[\s:,]/, 1);
  return SCHEMES.has(scheme.toLowerCase());
}

/**
 * Takes out of the headers of a request or a response whatever authenticates a connection. Challenges that stay are
 * written back one a field, as old clients need them.
 *
 * @returns the names of the fields of which something was removed, for the log; none where nothing was
 */
export function dropConnectionBound(headers: Headers): string[] {
  const touched = CREDENTIALS.filter((name) =>
    splitChallenges(headers.get(name) ?? "").some(isConnectionBound),
  );
  for (const name of touched) headers.delete(name);
  for (const name of CHALLENGES) {
    const challenges = splitChallenges(headers.get(name) ?? "");
    const kept = challenges.filter((challenge) => !isConnectionBound(challenge));
    if (kept.length === challenges.length) continue;
    touched.push(name);
    headers.delete(name);
    for (const challenge of kept) headers.append(name, challenge);
  }
  headers.delete(PERSISTENT_AUTH);
  return touched;
}

/**
 * The challenges of a field, in their order. `Headers` joins several fields with commas, which are also between the
 * parameters of one challenge: whatever begins with `name=` belongs to the challenge before it (RFC 9110 section 11.6.1).
 */
export function splitChallenges(value: string): string[] {
  const challenges: string[] = [];
  for (const element of value.match(LIST_ELEMENT) ?? []) {
    const part = element.trim();
    if (part === "") continue;
    const before = PARAMETER.test(part) ? challenges.pop() : undefined;
    challenges.push(before === undefined ? part : `${before}, ${part}`);
  }
  return challenges;
}

/** What is between two commas that are not inside a quoted string (RFC 9110 sections 5.6.1 and 5.6.4); a quote without an end lasts to the value's. */
const LIST_ELEMENT = /(?:[^",]|"(?:[^"\\]|\\(?:.|$))*(?:"|$))+/gs;
/** auth-param = token BWS "=" BWS ( token / quoted-string ), RFC 9110 section 11.2. */
const PARAMETER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=/;
