import type { MiddlewareHandler } from "hono";
import { canonicalTarget, pathKey } from "../config/canonical-path.ts";
import { type Config, ConfigError } from "../config/config.ts";
import type { Env } from "../env.ts";
import { arrivalOf } from "../ingress/arrival.ts";
import { isDraining } from "../runtime/draining.ts";
import { type Network, networkFor } from "../runtime/network.ts";
import { closeSocket, openSocket } from "../runtime/open-socket.ts";

const PATIENCE_MS = 5000;
const DEFAULT_PATH = "/healthz";
const NEVER_KEPT = { "Cache-Control": "no-store" };

/**
 * Says how this edge is: 200 or 503, and nothing about sessions. It calls `next` for all paths but two.
 *
 * HEAD is answered as GET, without the body. HEALTH_PATH, `/healthz` by default, is for a monitor: whether the configuration can be read, the origin answers, and
 * this edge is ready. `ready` beside it, `/ready` by default, is for a load balancer, which asks every second or two: only
 * whether packets may be sent here. An origin that is silent is so for every edge, and clients are to hear that in an Ack.
 *
 * @param readConfig reads the configuration from the Worker's bindings; while it throws, the paths are the defaults
 *
 * @example
 * ```ts
 * app.use(health(readConfig));
 * ```
 */
export function health(readConfig: (env: Env) => Config): MiddlewareHandler<{ Bindings: Env }> {
  return async (context, next) => {
    const config = readSafely(readConfig, context.env);
    const path = pathKey(config instanceof ConfigError ? DEFAULT_PATH : config.healthPath);
    const asked = pathKey(canonicalTarget(arrivalOf(context.req.raw).target)?.path ?? "");
    const isForBalancer = asked === path.replace(/[^/]*$/, "ready");
    const isAsked = context.req.method === "GET" || context.req.method === "HEAD";
    if (!isAsked || (asked !== path && !isForBalancer)) return await next();
    const configuration = config instanceof ConfigError ? "wrong" : "fine";
    const ready = config instanceof ConfigError || !(await isReady(config)) ? "no" : "yes";
    if (isForBalancer) return context.json({ ready }, ready === "yes" ? 200 : 503, NEVER_KEPT);
    const origin = config instanceof ConfigError ? "unknown" : await originOf(config);
    const isFine = ready === "yes" && origin === "fine";
    return context.json({ configuration, origin, ready }, isFine ? 200 : 503, NEVER_KEPT);
  };
}

/** An edge that is told to end is not. In a cluster the runtime knows besides: it says no without a lease. */
async function isReady({ clusterReadyUrl }: Config): Promise<boolean> {
  if (isDraining()) return false;
  if (clusterReadyUrl === null) return true;
  try {
    const { ok } = await fetch(clusterReadyUrl, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return ok;
  } catch {
    return false;
  }
}

function readSafely(readConfig: (env: Env) => Config, env: Env): Config | ConfigError {
  try {
    const config = readConfig(env);
    return config.sessionKeys.length > 0 ? config : new ConfigError("SESSION_KEY is not set.");
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** "untrusted": it takes connections, and TLS with it fails, by its certificate most often. */
type OriginHealth = "fine" | "silent" | "untrusted";

/** Any answer of its own will do: an origin that says 404 to its root is there. */
async function originOf(config: Config): Promise<OriginHealth> {
  const { originUrl } = config;
  const network = networkFor(originUrl, config);
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { status } = await network.fetch(originUrl, { method: "HEAD", redirect: "manual", signal });
    return status >= 520 && status <= 530 ? "silent" : "fine";
  } catch {
    return (await takesConnections(originUrl, network)) ? "untrusted" : "silent";
  }
}

/** Whether somebody listens at the port of an `https:` URL; no TLS is spoken. A binding may take nothing but TLS there. */
async function takesConnections(url: string, network: Network): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "https:" || network.isPrivate) return false;
  const socket = await openSocket(`http://${hostname}:${port || 443}`, network, PATIENCE_MS / 1000);
  if (socket !== null) closeSocket(socket);
  return socket !== null;
}
