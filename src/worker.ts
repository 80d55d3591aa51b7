import { Hono } from "hono";
import { bits } from "./middleware/bits.ts";
import { type Config, readConfig } from "./config/config.ts";
import type { Env } from "./env.ts";
import { control } from "./middleware/control.ts";
import { health } from "./middleware/health.ts";
import { httpDoor } from "./ingress/http.ts";
import { tcpDoor } from "./ingress/tcp.ts";
import { log } from "./runtime/log.ts";
import { operatorsSeat } from "./operator/operator.ts";
import { reverseProxy } from "./proxy/pass-through.ts";

export { control };
export { SessionCounter } from "./session/session-counter.ts";
export { SessionIndex } from "./session/session-index.ts";
export { UploadSegment } from "./session/upload-segment.ts";
export { UploadSession } from "./session/upload-session.ts";

const app = new Hono<{ Bindings: Env }>();

app.use(health(readConfig));
app.use(operatorsSeat(readConfig));
app.use(bits(readConfig));
app.all("*", (context) => reverseProxy(context.req.raw, readConfig(context.env)));
app.onError((error) => {
  log("failed", { error: error.message });
  return new Response(null, { status: 500 });
});

/** If the configuration is wrong, the door opens with its defaults, so that clients get an Ack that says so. */
function doorLimits(env: Env): Config["door"] {
  try {
    return readConfig(env).door;
  } catch {
    return {};
  }
}

/** Two doors, one app: HTTP by `fetch`, and the raw connections of BITS clients by `connect`. */
export default {
  fetch: httpDoor<Env>(app.fetch),
  connect: tcpDoor<Env>(app.fetch, doorLimits),
} satisfies ExportedHandler<Env>;
