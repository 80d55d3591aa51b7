/** What another Hono app imports; README, "In another app". */
export { bits } from "./middleware/bits.ts";
export { type Config, ConfigError, readConfig, type UploadDirectory } from "./config/config.ts";
export type { Env } from "./env.ts";
export { health } from "./middleware/health.ts";
export { tcpDoor } from "./ingress/tcp.ts";
export { SessionCounter } from "./session/session-counter.ts";
export { UploadSession } from "./session/upload-session.ts";
