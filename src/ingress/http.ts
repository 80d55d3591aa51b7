import { isAuthority } from "../http1/request-target.ts";
import { isNamed } from "../http1/wire-methods.ts";

/**
 * The HTTP door: what the runtime's own HTTP server lets in and the TCP door would refuse is refused here, before anything
 * else looks at the request (all of it seen with workerd 1.20261117.1):
 *
 * - TRACE, whose answer would show what the edge tells the origin, and MSEARCH;
 * - a Host that moves the path: the server makes `request.url` of the Host field as it came, so `h\admin` or `h/admin`
 *   walks past every rule that stands before the edge, and `h#` cuts the path off. A target of `*` moves the host;
 * - codings beside `chunked`, of which nobody would take off the bytes, while their label is lost (RFC 9112 6.1).
 *
 * CONNECT does not come this way: the runtime hands it to `connect`, see `tcpDoor`.
 *
 * @param handle the app's `fetch`
 * @returns the Worker's `fetch` handler: 501 without a body for such a verb, 400 for the others
 * @example
 * export default { fetch: httpDoor(app.fetch), connect: tcpDoor(app.fetch) };
 */
export function httpDoor<Env>(
  handle: (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response>,
): (request: Request, env: Env, ctx: ExecutionContext) => Response | Promise<Response> {
  return (request, env, ctx) => {
    if (!isNamed(request.method)) return new Response(null, { status: 501 });
    const isSound = hasSoundHost(request) && hasSoundCoding(request);
    return isSound ? handle(request, env, ctx) : new Response(null, { status: 400 });
  };
}

/** A request that another Worker made has no Host field; its URL has been parsed. */
function hasSoundHost({ headers, url }: Request): boolean {
  const host = headers.get("Host");
  if (host === null) return URL.canParse(url);
  const [, authority = ""] = /^[a-z]+:\/\/([^/?#]*)/i.exec(url) ?? [];
  return isAuthority(host) && isAuthority(authority);
}

function hasSoundCoding({ headers }: Request): boolean {
  const codings = headers.get("Transfer-Encoding");
  return codings === null || codings.toLowerCase() === "chunked";
}
