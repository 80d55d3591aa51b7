/** What another Hono app imports; README, "In another app". */
export { bits } from "./bits.ts";
export { type Config, ConfigError, type Env, readConfig, type UploadDirectory } from "./config.ts";
export { tcpDoor } from "./ingress/tcp.ts";
export { UploadSession } from "./session/upload-session.ts";
