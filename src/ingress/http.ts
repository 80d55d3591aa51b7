import { isAuthority } from "../http1/request-target.ts";

/**
 * The HTTP door: what the runtime's own HTTP server lets in and the TCP door would refuse is refused here, before anything
 * else looks at the request. The server makes `request.url` of the Host field as it came, so a Host of `h\admin` or
 * `h/admin` moves the path past every rule that stands before the edge, and `h#` cuts it off (seen with workerd
 * 1.20261117.1). CONNECT does not come this way: the runtime hands it to `connect`, see `tcpDoor`.
 *
 * @param handle the app's `fetch`
 * @returns the Worker's `fetch` handler: 400 without a body for a Host that is no host with an optional port (RFC 9112 3.2)
 * @example
 * export default { fetch: httpDoor(app.fetch), connect: tcpDoor(app.fetch) };
 */
export function httpDoor<Env>(
  handle: (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response>,
): (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response> {
  return (request, env, ctx) =>
    hasSoundHost(request) ? handle(request, env, ctx) : new Response(null, { status: 400 });
}

/** A request that another Worker made has no Host field; its URL has been parsed. */
function hasSoundHost({ headers, url }: Request): boolean {
  const host = headers.get("Host");
  return host === null ? URL.canParse(url) : isAuthority(host);
}
