import { bits, type Env, httpDoor, readConfig, tcpDoor } from "bits-edge";
import { Hono } from "hono";

export { control, SessionCounter, SessionIndex, UploadSegment, UploadSession } from "bits-edge";

const app = new Hono<{ Bindings: Env }>();
app.use("/uploads/*", bits(readConfig));
app.get("/", (context) => context.text("an app of its own"));

export default { fetch: httpDoor<Env>(app.fetch), connect: tcpDoor<Env>(app.fetch) };
