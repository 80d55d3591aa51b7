import type { MiddlewareHandler } from "hono";
import { canonicalTarget } from "../config/canonical-path.ts";
import { type Config, ConfigError } from "../config/config.ts";
import type { Env } from "../env.ts";
import { type Arrival, arrivalOf } from "../ingress/arrival.ts";
import { FAULTS } from "../protocol/faults.ts";
import { BITS_POST, HEADER } from "../protocol/headers.ts";
import { toAckResponse } from "./ack-response.ts";
import { answerPacket } from "./answer-packet.ts";
import { countPacket } from "./packet-count.ts";
import { logPacket } from "./packet-log.ts";
import { serveSignedUrl } from "./serve-signed-url.ts";
import type { Verdict } from "./verdict.ts";
import { beginVisit, type Visit } from "./visit.ts";

/**
 * The BITS server as a Hono middleware. It answers every BITS packet that reaches it, over either
 * door, and calls `next` for everything else.
 *
 * @param config the configuration, or how to read it from the Worker's bindings; the UploadSession
 *   class that is bound as UPLOAD_SESSIONS must have the same one
 *
 * @example
 * ```ts
 * const app = new Hono<{ Bindings: Env }>();
 * app.use(bits(readConfig));
 * app.get("/", (context) => context.text("not a BITS packet"));
 * ```
 */
export function bits(config: Config | ((env: Env) => Config)): MiddlewareHandler<{ Bindings: Env }> {
  const read = typeof config === "function" ? config : () => config;
  return async ({ req, env }, next) => {
    const request = req.raw;
    const arrival = arrivalOf(request);
    const target = canonicalTarget(arrival.target);
    if (!isBits(request, arrival)) {
      const response = await serveSignedUrl(request, target, read(env), env);
      if (response === null) return await next();
      if (arrival.door === "http" && !response.ok) await drain(request);
      return response;
    }

    const visit = beginVisit(request, arrival, target, readSafely(read, env), env);
    const verdict = await judge(visit);
    logPacket(visit, verdict);
    countPacket(visit, verdict);
    if (arrival.door === "http" && verdict.fault !== null) await drain(request);
    return toAckResponse(visit, verdict);
  };
}

/**
 * The verb on the wire, its usual override, or the header that only BITS has: a gateway may have
 * rewritten the verb, and a client may have been told to use another.
 */
function isBits({ method, headers }: Request, arrival: Arrival): boolean {
  if (arrival.method === BITS_POST) return true;
  if (method !== "POST") return false;
  return headers.has(HEADER.packetType) || headers.get(HEADER.methodOverride)?.toUpperCase() === BITS_POST;
}

function readSafely(read: (env: Env) => Config, env: Env): Config | Error {
  try {
    return read(env);
  } catch (error) {
    return toError(error);
  }
}

/** The one place where an exception becomes an Ack: the client gets a status, the log the sentence. */
async function judge(visit: Visit): Promise<Verdict> {
  try {
    return await answerPacket(visit);
  } catch (thrown) {
    const error = toError(thrown);
    const fault = error instanceof ConfigError ? FAULTS.misconfigured : FAULTS.edgeFailed;
    return { offset: null, fault, error };
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** More than any Windows client sends in one Fragment ([MC-BUP] 6, note 10). */
const DRAIN_BYTES = 16 * 1024 * 1024;

/**
 * Reads the rest of a refused Fragment, or reply, and drops it. If a body is unread, the runtime's HTTP server closes the
 * connection, and whoever still sends may never see its answer. (The TCP door answers first and drains afterwards.)
 */
async function drain({ body }: Request): Promise<void> {
  if (body === null || body.locked) return;
  const reader = body.getReader();
  for (let left = DRAIN_BYTES; left > 0;) {
    // A client that leaves meanwhile needs no answer.
    const read = await reader.read().catch(() => null);
    if (read === null || read.done) return;
    left -= read.value.byteLength;
  }
  await reader.cancel();
}
