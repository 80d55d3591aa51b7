import type { MiddlewareHandler } from "hono";
import { log } from "../runtime/log.ts";
import { operatorByAccess } from "./access.ts";
import { loginPage, mayTry, operatorByCookie } from "./login.ts";
import { passesOf, passFor } from "./operator-tokens.ts";
import type { Operator } from "./seat.ts";
import { refuse, type SeatContext, type SeatEnv } from "./seat-context.ts";

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;
const WAIT_MS = 60_000;
/** An isolate remembers so many clients for their wrong tokens. */
const MOST_WAITING = 1_000;
const SAFE_METHODS = new Set(["GET", "HEAD"]);

/** Addresses that have sent too many wrong tokens, and the time until which their tokens are not looked at. */
const waiting = new Map<string, number>();

/**
 * Lets operators through, and nobody else. A script sends a token with each request, and then only the token counts. A
 * browser has a cookie, or Cloudflare Access has let it in. A browser sends its cookie without being told to: the cookie
 * proves that the operator is logged in, but not that he meant the request. So a browser may change something only from
 * the edge's own page.
 */
export function admit(): MiddlewareHandler<SeatEnv> {
  return async (context, next) => {
    const header = context.req.header("Authorization");
    const found = header === undefined ? await byBrowser(context) : await byToken(context, header);
    if (found instanceof Response) return found;
    if (header === undefined && !isOwnRequest(context)) {
      return refuseFor(context, found, "It does not come from the edge's own page.");
    }
    if (!found.mayAct && !SAFE_METHODS.has(context.req.method)) {
      return refuseFor(context, found, "This token is for looking only.");
    }
    context.set("operator", found);
    return await next();
  };
}

async function byToken(context: SeatContext, header: string): Promise<Operator | Response> {
  const { config, sender } = context.var;
  const client = sender.clientAddress ?? "unknown";
  if ((waiting.get(client) ?? 0) > Date.now()) return tooMany(context);
  const pass = await passFor(BEARER.exec(header)?.[1] ?? "", passesOf(config.operator));
  if (pass !== null) return pass.operator;
  if (!(await mayTry(context))) {
    if (waiting.size >= MOST_WAITING) waiting.delete(waiting.keys().next().value ?? "");
    waiting.set(client, Date.now() + WAIT_MS);
    return tooMany(context);
  }
  log("operator-refused", { by: null, client, why: "wrong token" });
  return unauthorized(context);
}

async function byBrowser(context: SeatContext): Promise<Operator | Response> {
  const { access } = context.var.config.operator;
  const byAccess =
    access === null
      ? null
      : await operatorByAccess(context.req.raw, context.executionCtx as ExecutionContext, access);
  return byAccess ?? (await operatorByCookie(context)) ?? (await askWhoIsThere(context));
}

/**
 * Whether a request that changes something was made by this edge's own page. A browser sends Origin with each POST (Fetch,
 * "append a request Origin header"), and Sec-Fetch-Site to hosts that it trusts. hono/csrf checks forms only, since a script
 * of another site cannot send anything else without asking; this check does not rely on that. It does not compare schemes:
 * the edge does not know the scheme behind a gateway that ends TLS and is not named in TRUSTED_PROXIES.
 */
export function isOwnRequest({ req, var: { sender } }: SeatContext): boolean {
  if (SAFE_METHODS.has(req.method)) return true;
  const origin = URL.parse(req.header("Origin") ?? "");
  const isSameSite = (req.header("Sec-Fetch-Site") ?? "same-origin") === "same-origin";
  return isSameSite && origin !== null && origin.host === new URL(sender.url).host;
}

async function askWhoIsThere(context: SeatContext): Promise<Response> {
  const isPerson = /\btext\/html\b/.test(context.req.header("Accept") ?? "");
  const hasForm = passesOf(context.var.config.operator).length > 0;
  return isPerson && hasForm ? await loginPage(context, 401, null) : unauthorized(context);
}

function unauthorized(context: SeatContext): Response {
  context.header("WWW-Authenticate", 'Bearer realm="bits-edge"');
  return refuse(context, 401, "The edge's operator token is needed, as Authorization: Bearer …");
}

function tooMany(context: SeatContext): Response {
  context.header("Retry-After", "60");
  return refuse(context, 429, "There were too many wrong tokens. Wait a minute.");
}

function refuseFor(context: SeatContext, { name }: Operator, why: string): Response {
  const client = context.var.sender.clientAddress ?? null;
  log("operator-refused", { by: name, client, why });
  return refuse(context, 403, why);
}
