import * as v from "valibot";

/**
 * The path of the operator's seat, and who may sit there: nobody, if none of `token`, `readToken` and `access` is set.
 */
export interface OperatorSettings {
  /**
   * Path of the page and its JSON, with a slash at both ends.
   *
   * @default "/_bits/"
   */
  readonly path: string;
  /**
   * The secret that lets its holder look and act.
   *
   * @default null
   */
  readonly token: string | null;
  /**
   * The secret that lets its holder look.
   *
   * @default null
   */
  readonly readToken: string | null;
  /**
   * Cloudflare Access, whose users may look and act: scheme and host of the team, and the AUD tag of the application.
   *
   * @default null
   */
  readonly access: { readonly teamUrl: string; readonly audience: string } | null;
}

/** Whether anybody may sit there; if not, there is no seat. */
export function hasOperators({ token, readToken, access }: OperatorSettings): boolean {
  return token !== null || readToken !== null || access !== null;
}

const PATH = 'a path that begins and ends with a slash, of letters, digits and "._~-", and is not the root';
const TEAM_DOMAIN = "the URL of a Cloudflare Access team, such as https://example.cloudflareaccess.com";
const AUD = "the application's AUD tag, as Access shows it";

/** A secret that nobody guesses, in any number of tries. */
export const SECRET = v.pipe(v.string("text"), v.minLength(32, "a secret of 32 characters or more"));
/** The token comes in an Authorization field (RFC 6750 2.1), and people make it up: visible characters of ASCII. */
const TOKEN = v.pipe(
  SECRET,
  v.regex(/^[\x21-\x7e]+$/, "a secret of letters, digits and signs, without spaces"),
  v.maxLength(1024, "a secret of at most 1,024 characters"),
);

export const OPERATOR_VARIABLES = {
  OPERATOR_PATH: v.optional(v.pipe(v.string(PATH), v.regex(/^\/(?:[\w.~-]+\/)+$/, PATH)), "/_bits/"),
  OPERATOR_TOKEN: v.optional(TOKEN),
  OPERATOR_READ_TOKEN: v.optional(TOKEN),
  ACCESS_TEAM_DOMAIN: v.optional(
    v.pipe(v.string(TEAM_DOMAIN), v.regex(/^https:\/\/[\w.-]+(?::\d{1,5})?\/?$/i, TEAM_DOMAIN)),
  ),
  ACCESS_AUD: v.optional(v.pipe(v.string(AUD), v.regex(/^[\w-]{1,200}$/, AUD))),
};

/** The variables, which have been looked at → the settings. */
export function toOperator(
  variables: v.InferOutput<v.ObjectSchema<typeof OPERATOR_VARIABLES, undefined>>,
): OperatorSettings {
  const { ACCESS_TEAM_DOMAIN: team, ACCESS_AUD: audience } = variables;
  const isGuarded = team !== undefined && audience !== undefined;
  return {
    path: variables.OPERATOR_PATH,
    token: variables.OPERATOR_TOKEN ?? null,
    readToken: variables.OPERATOR_READ_TOKEN ?? null,
    access: isGuarded ? { teamUrl: new URL(team).origin, audience } : null,
  };
}
