import { CliError } from "../terminal/cli-error.ts";

/** What `--user` and `--bearer` say, and the environment for what has no place on a command line. */
export interface CredentialOptions {
  readonly user?: string;
  readonly bearer?: string;
}

/**
 * The value of Authorization, or null where none was given. Secrets may come by environment, since everyone on a
 * machine can read a command line: BITS_EDGE_PASSWORD for `--user NAME`, BITS_EDGE_BEARER for `--bearer`.
 *
 * @throws CliError where they contradict each other, or cannot be sent
 */
export function authorization(
  { user, bearer = "" }: CredentialOptions,
  environment: Readonly<Record<string, string | undefined>>,
): string | null {
  if (user !== undefined && bearer !== "") {
    throw new CliError("usage", "--user and --bearer are two ways to say who you are; give one.");
  }
  if (user !== undefined) return basic(user, environment["BITS_EDGE_PASSWORD"]);
  const token = bearer === "" ? (environment["BITS_EDGE_BEARER"] ?? "") : bearer;
  if (token === "") return null;
  // RFC 6750 2.1.
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return `Bearer ${token}`;
  throw new CliError("usage", "The bearer token has letters that no token has; is it the right variable?");
}

/** RFC 7617 2: the name has no colon, and both are UTF-8. */
function basic(user: string, password: string | undefined): string {
  const colon = user.indexOf(":");
  const pair = colon >= 0 ? user : password === undefined ? null : `${user}:${password}`;
  if (pair !== null) return `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
  throw new CliError(
    "usage",
    "--user NAME needs a password: as NAME:PASSWORD, or better in BITS_EDGE_PASSWORD, where nobody else sees it.",
  );
}
