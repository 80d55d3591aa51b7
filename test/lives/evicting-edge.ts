import worker, { UploadSession as Session } from "../../src/worker.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Env as EdgeEnv } from "../../src/env.ts";
import { tcpDoor } from "../../src/ingress/tcp.ts";
import { HEADER } from "../../src/protocol/headers.ts";
import { parseSessionId } from "../../src/protocol/session-id.ts";
import { objectNameOf } from "../../src/signed/session-place.ts";

export { SessionCounter, SessionIndex, UploadSegment } from "../../src/worker.ts";

interface Env extends EdgeEnv {
  readonly UPLOAD_SESSIONS: DurableObjectNamespace<UploadSession>;
}

/** The runtime's own module for tests, which wrangler does not bundle; only there with the flags that edge-of-project.ts gives. */
const UNSAFE: string = "workerd:unsafe";
interface Unsafe {
  evict(object: DurableObjectStub, options: { readonly webSockets: "hibernate" }): Promise<void>;
}

/** A reply's URL has the session's id as one of its folders. */
const DATA_FOLDER = /\/BITS-Sessions\/(?:Requests|Replies)\/([^/]+)\//;

/** How many packets an object is answering, by its name: the runtime evicts no object that has something to do. */
const packetsInside = new Map<string, number>();

/** Of each life of an object the log has a name. */
export class UploadSession extends Session {
  readonly #life = crypto.randomUUID();

  enter(session: string): void {
    console.log(JSON.stringify({ event: "entered", session, life: this.#life }));
  }
}

/** The edge as it is, but that an object is evicted whenever a packet comes and none is being answered. */
async function answer(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
  const id = request.headers.get(HEADER.sessionId) ?? DATA_FOLDER.exec(new URL(request.url).pathname)?.[1];
  const session = parseSessionId(id ?? "");
  if (session === null) return await worker.fetch(request, env, context);
  const object = objectNameOf(session);
  const inside = packetsInside.get(object) ?? 0;
  packetsInside.set(object, inside + 1);
  try {
    if (inside === 0) await evict(env.UPLOAD_SESSIONS.getByName(object));
    await env.UPLOAD_SESSIONS.getByName(object).enter(session);
    return await worker.fetch(request, env, context);
  } finally {
    packetsInside.set(object, (packetsInside.get(object) ?? 1) - 1);
  }
}

async function evict(object: DurableObjectStub<UploadSession>): Promise<void> {
  const { default: unsafe } = (await import(UNSAFE)) as { readonly default: Unsafe };
  try {
    await unsafe.evict(object, { webSockets: "hibernate" });
  } catch (error) {
    if (!String(error).includes("it is not currently running")) throw error;
  }
}

export default {
  fetch: answer,
  connect: tcpDoor<Env>(answer, (env) => {
    try {
      return readConfig(env).door;
    } catch {
      return {}; // as the edge's own door: a wrong configuration still opens it
    }
  }),
} satisfies ExportedHandler<Env>;
