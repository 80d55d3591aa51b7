import type { Env } from "../env.ts";
import { beginDraining } from "../runtime/draining.ts";

/**
 * What the program that has started the runtime says to the Worker (tools/serve/control.ts), at a socket of this machine
 * alone. There is one thing to say: the edge is about to end. Whoever else is on the machine does not have the key of this
 * start, and is answered 403.
 *
 * @example
 * export { control } from "bits-edge"; // for an app that deploy/workerd/edge.capnp serves
 */
export const control = {
  fetch(request: Request, { CONTROL_KEY: key }: Pick<Env, "CONTROL_KEY">): Response {
    const isKnown = typeof key === "string" && request.headers.get("Authorization") === `Bearer ${key}`;
    if (!isKnown || request.method !== "POST") return new Response(null, { status: 403 });
    beginDraining();
    return new Response(null, { status: 204 });
  },
};
