import { deleteCookie, getCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import { html } from "hono/html";
import { log } from "../runtime/log.ts";
import { objectOf } from "../runtime/placement.ts";
import { passesOf, passFor } from "./operator-tokens.ts";
import { STYLE } from "./page/style.ts";
import type { Operator } from "./seat.ts";
import type { SeatContext } from "./seat-context.ts";

const COOKIE = "bits-operator";
/** A day's work. */
const GOOD_FOR_SECONDS = 12 * 60 * 60;
/** A token, and where to go then. */
const MOST_FORM_BYTES = 8 * 1024;

/** The operator that the cookie of an earlier login names; null if there is none, or its time is over. */
export async function operatorByCookie(context: SeatContext): Promise<Operator | null> {
  for (const { operator, secret } of passesOf(context.var.config.operator)) {
    const value = await getSignedCookie(context, keyOf(secret), COOKIE);
    if (typeof value === "string" && Number(value) > Date.now()) return operator;
  }
  return null;
}

/** A token → a cookie that is good for half a day, and the way back to the page. */
export async function logIn(context: SeatContext): Promise<Response> {
  const { config, sender } = context.var;
  const client = sender.clientAddress ?? "unknown";
  const { token, next } = await readForm(context.req.raw);
  if (!(await mayTry(context))) {
    log("operator-refused", { by: null, client, why: "too many logins within a minute" });
    context.header("Retry-After", "60");
    return await loginPage(context, 429, "There were too many attempts. Wait a minute.");
  }
  const pass = await passFor(token, passesOf(config.operator));
  if (pass === null) {
    log("operator-refused", { by: null, client, why: "wrong token at the login form" });
    return await loginPage(context, 401, "This token is not known here.");
  }
  log("operator-login", { by: pass.operator.name, client });
  await setSignedCookie(context, COOKIE, String(Date.now() + GOOD_FOR_SECONDS * 1000), keyOf(pass.secret), {
    path: config.operator.path,
    httpOnly: true,
    sameSite: "Strict",
    secure: sender.url.startsWith("https:"),
    maxAge: GOOD_FOR_SECONDS,
  });
  return context.redirect(isBelow(next, config.operator.path) ? next : config.operator.path, 303);
}

/** Whether the browser has a login's cookie, and so something to log out of. */
export function hasCookie(context: SeatContext): boolean {
  return getCookie(context, COOKIE) !== undefined;
}

export function logOut(context: SeatContext): Response {
  const { path } = context.var.config.operator;
  deleteCookie(context, COOKIE, { path });
  return context.redirect(path, 303);
}

/** Whether one more wrong or unseen token of this client may be looked at; counted for all isolates by one object. */
export async function mayTry({ env, var: { config, sender } }: SeatContext): Promise<boolean> {
  const counter = objectOf(env.SESSION_COUNTERS, "operator logins", config.placement);
  return await counter.mayTry(sender.clientAddress ?? "unknown");
}

/** The form by which a person logs in. Without scripts, styled by the page's own sheet. */
export async function loginPage(
  context: SeatContext,
  status: 401 | 429,
  problem: string | null,
): Promise<Response> {
  const { config, sender } = context.var;
  const { path } = config.operator;
  const { pathname, search } = new URL(sender.url);
  const next = context.req.method === "GET" ? pathname + search : path;
  const said = problem === null ? "" : html`<p role="alert">${problem}</p>`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Log in · bits-edge</title>
        <link rel="stylesheet" href="${path}${STYLE.address}" />
      </head>
      <body>
        <main class="login">
          <h1>bits-edge</h1>
          ${said}
          <form method="post" action="${path}login">
            <label for="token">The edge’s operator token</label>
            <input
              id="token"
              name="token"
              type="password"
              autocomplete="current-password"
              required
              maxlength="1024"
              autofocus
            />
            <input type="hidden" name="next" value="${next}" />
            <button>Log in</button>
          </form>
        </main>
      </body>
    </html>`;
  context.header("WWW-Authenticate", 'Bearer realm="bits-edge"'); // RFC 9110 15.5.2; browsers ask nothing for it
  return await context.html(page, status);
}

/** The secret that signs a cookie is made from the token, and is no token itself. A new token logs out everybody. */
function keyOf(secret: string): string {
  return `cookie of an operator: ${secret}`;
}

/** A path on this edge's own seat, and no way to another host: `//elsewhere`, `/_bits/..\elsewhere`. */
function isBelow(next: string, path: string): boolean {
  return next.startsWith(path) && !/[\\\s]/.test(next);
}

async function readForm(request: Request): Promise<{ readonly token: string; readonly next: string }> {
  const length = Number(request.headers.get("Content-Length") ?? Number.NaN);
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.headers.get("Content-Type") ?? "");
  if (!isForm || !(length <= MOST_FORM_BYTES)) return { token: "", next: "" };
  const form = new URLSearchParams(await request.text());
  return { token: form.get("token") ?? "", next: form.get("next") ?? "" };
}
