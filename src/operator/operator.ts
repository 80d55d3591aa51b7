import { Hono, type MiddlewareHandler } from "hono";
import { some } from "hono/combine";
import { secureHeaders } from "hono/secure-headers";
import { canonicalTarget, pathKey } from "../config/canonical-path.ts";
import type { Config } from "../config/config.ts";
import { hasOperators } from "../config/operator-settings.ts";
import type { Env } from "../env.ts";
import { arrivalOf } from "../ingress/arrival.ts";
import { senderOf } from "../proxy/sender.ts";
import { COME_AGAIN } from "../runtime/come-again.ts";
import { log } from "../runtime/log.ts";
import { hasCookie, logIn, logOut } from "./login.ts";
import { METRICS_TYPE, metricsOf } from "./metrics.ts";
import { operatorPage } from "./page/page.tsx";
import { SCRIPT } from "./page/script.ts";
import { STYLE } from "./page/style.ts";
import { refuse, type SeatContext, type SeatEnv } from "./seat-context.ts";
import { type MeasuredSeat, seatOf } from "./seat-of.ts";
import { sessionsApi } from "./sessions-api.ts";
import { admit, isOwnRequest } from "./who-may.ts";

/**
 * The operator's seat as a Hono middleware: at `OPERATOR_PATH` (`/_bits/` by default) of the HTTP door its page and JSON,
 * for those who show `OPERATOR_TOKEN` or `OPERATOR_READ_TOKEN`, or whom Cloudflare Access lets in. While none of these is
 * configured, and at the TCP door always, there is nothing: 404. It calls `next` for all other paths.
 *
 * @param readConfig reads the configuration from the Worker's bindings; while it throws, there is no seat
 *
 * @example
 * ```ts
 * const app = new Hono<{ Bindings: Env }>();
 * app.use(operatorsSeat(readConfig)); // before anything that takes all paths
 * app.use(bits(readConfig));
 * ```
 */
export function operatorsSeat(readConfig: (env: Env) => Config): MiddlewareHandler<{ Bindings: Env }> {
  return async (context, next) => {
    const config = readSafely(readConfig, context.env);
    const arrival = arrivalOf(context.req.raw);
    const path = canonicalTarget(arrival.target)?.path ?? null;
    if (config === null || path === null) return await next();
    const { operator } = config;
    if (!`${pathKey(path)}/`.startsWith(pathKey(operator.path))) return await next();
    // In any spelling, this path goes to nobody else, and least of all to the origin.
    if (arrival.door !== "http" || !hasOperators(operator)) return notFound();
    if (`${path}/` === operator.path) return context.redirect(operator.path, 308);
    if (path !== arrival.target.replace(/[?#].*/s, "")) return notFound();
    return await seatApp(config).fetch(context.req.raw, context.env, context.executionCtx);
  };
}

function readSafely(readConfig: (env: Env) => Config, env: Env): Config | null {
  try {
    return readConfig(env);
  } catch {
    return null; // the next middleware says why
  }
}

const ASSETS = new Set([STYLE.path, SCRIPT.path]);

/** One app for each configuration of this isolate. */
const apps = new WeakMap<Config, Hono<SeatEnv>>();

function seatApp(config: Config): Hono<SeatEnv> {
  const known = apps.get(config);
  if (known !== undefined) return known;
  const app = makeApp(config);
  apps.set(config, app);
  return app;
}

function makeApp(config: Config): Hono<SeatEnv> {
  const { path } = config.operator;
  const app = new Hono<SeatEnv>().basePath(path);
  app.use(safeHeaders());
  app.use(async (context, next) => {
    context.set("config", config);
    context.set("sender", senderOf(context.req.raw, arrivalOf(context.req.raw), config.trustedProxies));
    await next();
  });
  app.post("/login", async (context) =>
    isOwnRequest(context)
      ? await logIn(context)
      : refuse(context, 403, "It does not come from the edge's own page."),
  );
  // A visitor who is asked to log in sees the styled form.
  const isAsset = ({ req }: SeatContext): boolean => ASSETS.has(req.path.slice(path.length));
  app.use(some(isAsset, admit()));
  app.post("/logout", logOut);
  app.route("/", sessionsApi(seatFor));
  app.get("/metrics", async (context) =>
    context.body(await metricsOf(seatFor(context), context.env, config), 200, {
      "Content-Type": METRICS_TYPE,
    }),
  );
  app.route(
    "/",
    operatorPage((context: SeatContext) => ({
      seat: seatFor(context),
      operator: context.var.operator,
      base: path,
      logOutPath: hasCookie(context) ? `${path}logout` : null,
    })),
  );
  app.notFound(notFound);
  app.onError((error, context) => {
    log("failed", { during: "seat", session: null, error: error.message });
    return context.json({ error: "The edge failed, its log says how; try again." }, 503, COME_AGAIN);
  });
  return app;
}

function seatFor(context: SeatContext): MeasuredSeat {
  const { config, sender } = context.var;
  return seatOf(context.env, {
    config,
    base: new URL(sender.url).origin,
    keepAlive: (work) => context.executionCtx.waitUntil(work),
  });
}

/**
 * Only the operator may see a session: a browser keeps, frames, sniffs and runs nothing that the edge did not send.
 * With "no-referrer" a browser would send `Origin: null` with the page's own forms (Fetch, "append a request Origin header").
 */
function safeHeaders(): MiddlewareHandler<SeatEnv> {
  const secure = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      scriptSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    xFrameOptions: "DENY",
    referrerPolicy: "same-origin",
  });
  return async (context, next) => {
    context.header("Cache-Control", "no-store");
    return await secure(context, next);
  };
}

function notFound(): Response {
  return new Response(null, { status: 404, headers: { "Cache-Control": "no-store" } });
}
