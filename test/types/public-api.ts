import {
  bits,
  type Config,
  type Env,
  health,
  operatorsSeat,
  readConfig,
  tcpDoor,
  type UploadDirectory,
  UploadSession,
} from "bits-edge";
import { Hono } from "hono";

/** Compiled by `npm run check:types`, never run: what the package's types take, and what they refuse. */
export function useWell(config: Config): ExportedHandler<Env> {
  const app = new Hono<{ Bindings: Env }>();
  app.use(health(readConfig));
  app.use(operatorsSeat(readConfig));
  app.use(bits(config));
  app.use("/uploads/*", bits(readConfig));
  return { fetch: app.fetch, connect: tcpDoor<Env>(app.fetch, (env) => readConfig(env).door) };
}

const respond = (): Response => new Response();
const limits = () => ({ headTimeout: 1 });

/** Each line below its comment must not compile. */
export function useWrongly(config: Config, directory: UploadDirectory): unknown[] {
  // @ts-expect-error a text is no configuration
  const text = bits("https://iis.example.com");
  // @ts-expect-error a configuration is read at once, not promised
  const promised = bits(() => Promise.resolve(config));
  // @ts-expect-error a configuration is not changed, a new one is made
  config.originUrl = "https://iis.example.com";
  // @ts-expect-error notifications are of three kinds
  const notification: UploadDirectory["notification"] = "email";
  // @ts-expect-error a directory has every field, also those with defaults
  const short: UploadDirectory = { path: directory.path };
  // @ts-expect-error the door has no such limit
  const door = tcpDoor<Env>(respond, limits);
  return [text, promised, notification, short, door];
}

/** As an app that brings its own configuration has to. */
export class OwnSession extends UploadSession {
  // @ts-expect-error the object asks for its configuration and does not wait for it
  protected override async config(): Promise<Config> {
    return Promise.resolve(readConfig(this.env));
  }
}
