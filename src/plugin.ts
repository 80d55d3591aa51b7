/** What another Hono app imports; README, "In another app". */
export { bits } from "./bits.ts";
export { type Config, ConfigError, readConfig, type UploadDirectory } from "./config.ts";
export type { Env } from "./env.ts";
export { health } from "./health.ts";
export { tcpDoor } from "./ingress/tcp.ts";
export { SessionCounter } from "./session/session-counter.ts";
export { UploadSession } from "./session/upload-session.ts";
