import { createRemoteJWKSet, jwtVerify } from "jose";
import type { OperatorSettings } from "../config/operator-settings.ts";
import { log } from "../runtime/log.ts";
import type { Operator } from "./seat.ts";

/** Access puts its token into this field of every request that it lets through (Cloudflare One, "Validate JWTs"). */
const FIELD = "Cf-Access-Jwt-Assertion";

/** Keys of the teams that this isolate has asked; jose fetches them again when they change. */
const keys = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

/**
 * The user whom Cloudflare Access has let in, by the runtime's word (`ctx.access`), or else by a token that the team's keys
 * verify. A request that reaches the edge past Access has neither. Null for nobody.
 */
export async function operatorByAccess(
  request: Request,
  context: Pick<ExecutionContext, "access">,
  { teamUrl, audience }: NonNullable<OperatorSettings["access"]>,
): Promise<Operator | null> {
  const { access } = context;
  if (access !== undefined && access.aud === audience) {
    const identity = await access.getIdentity();
    return { name: nameIn(identity ?? {}), mayAct: true };
  }
  const token = request.headers.get(FIELD);
  if (token === null) return null;
  try {
    const { payload } = await jwtVerify(token, keysOf(teamUrl), {
      issuer: teamUrl,
      audience,
      algorithms: ["RS256"],
      requiredClaims: ["exp"],
    });
    return { name: nameIn(payload), mayAct: true };
  } catch (error) {
    // jose's errors name a claim or a key, and never have the token.
    log("operator-refused", { by: null, why: `Cloudflare Access' token: ${String(error)}` });
    return null;
  }
}

/**
 * A person has an e-mail address; a service its token's client id, which the token calls `common_name`, and an identity
 * `service_token_id`.
 */
function nameIn(claims: Readonly<Record<string, unknown>>): string {
  const names = [claims["email"], claims["common_name"], claims["service_token_id"], claims["sub"]];
  const name = names.find((value) => typeof value === "string" && value !== "");
  return typeof name === "string" ? name.slice(0, 200) : "somebody by Access";
}

function keysOf(teamUrl: string): ReturnType<typeof createRemoteJWKSet> {
  let found = keys.get(teamUrl);
  if (found === undefined) {
    found = createRemoteJWKSet(new URL("/cdn-cgi/access/certs", teamUrl));
    keys.set(teamUrl, found);
  }
  return found;
}
