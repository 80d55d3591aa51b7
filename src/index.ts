/**
 * What another Hono app imports.
 *
 * @example
 * ```ts
 * import { bits, type Env, health, httpDoor, operatorsSeat, readConfig, tcpDoor } from "bits-edge";
 * import { Hono } from "hono";
 *
 * export { SessionCounter, SessionIndex, UploadSegment, UploadSession } from "bits-edge"; // bound as in this package's wrangler.toml
 *
 * const app = new Hono<{ Bindings: Env }>();
 * app.use(health(readConfig));
 * app.use(operatorsSeat(readConfig));
 * app.use("/uploads/*", bits(readConfig));
 *
 * export default {
 *   fetch: httpDoor<Env>(app.fetch),
 *   connect: tcpDoor<Env>(app.fetch, (env) => readConfig(env).door),
 * };
 * ```
 *
 * @packageDocumentation
 */
export { bits } from "./middleware/bits.ts";
export { control } from "./middleware/control.ts";
export { type Config, ConfigError, readConfig, type UploadDirectory } from "./config/config.ts";
export type { Env } from "./env.ts";
export { operatorsSeat } from "./operator/operator.ts";
export { health } from "./middleware/health.ts";
export { httpDoor } from "./ingress/http.ts";
export { tcpDoor } from "./ingress/tcp.ts";
export { SessionCounter } from "./session/session-counter.ts";
export { SessionIndex } from "./session/session-index.ts";
export { UploadSegment } from "./session/upload-segment.ts";
export { UploadSession } from "./session/upload-session.ts";
