import worker, {
  SessionCounter as Counter,
  SessionIndex as Index,
  UploadSession as Session,
} from "../../src/worker.ts";
import type { Env } from "../../src/env.ts";

/**
 * The edge as it is; the log has a line for each object that is asked for: its name, and where it is. workerd implements no
 * jurisdictions ("Jurisdiction restrictions are not implemented in workerd", 1.20261117.1). A stand-in does what Cloudflare
 * documents of them: an object in one is another than that of the same name elsewhere (Durable Objects, "Data location").
 */

const NAMESPACES = ["UPLOAD_SESSIONS", "SESSION_COUNTERS", "SESSION_INDEX"] as const;

function watchedEnv(env: Env): Env {
  const watched = NAMESPACES.map((name) => [name, watchedNamespace(name, env[name] as Namespace, null)]);
  return { ...env, ...(Object.fromEntries(watched) as Partial<Env>) };
}

type Namespace = DurableObjectNamespace;

function watchedNamespace(of: string, namespace: Namespace, jurisdiction: string | null): Namespace {
  const watched: unknown = {
    getByName(name: string, options?: DurableObjectNamespaceGetDurableObjectOptions) {
      const { locationHint = null } = options ?? {};
      console.log(JSON.stringify({ event: "object", of, name, jurisdiction, locationHint }));
      return namespace.getByName(jurisdiction === null ? name : `${jurisdiction} ${name}`, options);
    },
    jurisdiction: (name: string) => watchedNamespace(of, namespace, name),
  };
  return watched as Namespace;
}

export class UploadSession extends Session {
  constructor(context: DurableObjectState, env: Env) {
    super(context, watchedEnv(env));
  }
}

export { UploadSegment } from "../../src/worker.ts";

export class SessionCounter extends Counter {}

export class SessionIndex extends Index {
  constructor(context: DurableObjectState, env: Env) {
    super(context, watchedEnv(env));
  }
}

export default {
  fetch: async (request, env, context) => await worker.fetch(request, watchedEnv(env), context),
  connect: async (socket, env, context) => await worker.connect(socket, watchedEnv(env), context),
} satisfies ExportedHandler<Env>;
