import type { MiddlewareHandler } from "hono";
import { type Config, ConfigError } from "../config/config.ts";
import type { Env } from "../env.ts";

const PATIENCE_MS = 5000;

/**
 * Says whether the configuration can be read and the origin answers, for a monitor: 200 or 503, and
 * nothing about sessions. The path is HEALTH_PATH, `/healthz` by default; all else is `next`'s.
 */
export function health(readConfig: (env: Env) => Config): MiddlewareHandler<{ Bindings: Env }> {
  return async (context, next) => {
    const config = readSafely(readConfig, context.env);
    const path = config instanceof ConfigError ? "/healthz" : config.healthPath;
    if (context.req.path !== path || context.req.method !== "GET") return await next();
    const origin = config instanceof ConfigError ? "unknown" : await originOf(config);
    const configuration = config instanceof ConfigError ? "wrong" : "fine";
    const isFine = configuration === "fine" && origin === "fine";
    return context.json({ configuration, origin }, isFine ? 200 : 503, { "Cache-Control": "no-store" });
  };
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

/** Any answer of its own will do: an origin that says 404 to its root is there. */
async function originOf({ originUrl }: Config): Promise<"fine" | "silent"> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { status } = await fetch(originUrl, { method: "HEAD", redirect: "manual", signal });
    return status >= 520 && status <= 530 ? "silent" : "fine";
  } catch {
    return "silent";
  }
}
