import { proxy } from "hono/proxy";
import { arrivalOf } from "../ingress/arrival.ts";
import { senderOf } from "./sender.ts";
import type { Config } from "../config/config.ts";
import { log } from "../runtime/log.ts";

/** A client that dribbles costs the least; one that fills what it is given gets twice as much. */
const LEAST_COPY_BYTES = 4 * 1024;
const MOST_COPY_BYTES = 256 * 1024;

/** What says who the client is or what it means; the edge says so itself, or nobody does. */
const CLAIMS = [
  "Forwarded",
  "X-Real-IP",
  "X-Forwarded-For",
  "CF-Connecting-IP",
  "X-HTTP-Method-Override",
  "Proxy-Connection",
];

/**
 * Everything that is not BITS goes to the origin as it came: method, path, query, headers less the
 * hop-by-hop ones (RFC 9110 7.6.1), bodies streamed both ways. Redirects go back to the client.
 *
 * @returns the origin's response; 502 without a body where it could not be reached
 */
export async function reverseProxy(
  request: Request,
  { originUrl, trustedProxies }: Config,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const arrival = arrivalOf(request);
  const { clientAddress, url } = senderOf(request, arrival, trustedProxies);
  const { host, protocol } = new URL(url);
  const headers = new Headers(request.headers);
  headers.delete("Host"); // the origin's own; the client's is in X-Forwarded-Host
  // A client's own claims are replaced, never added to: nothing before this edge is trusted.
  for (const name of CLAIMS) headers.delete(name);
  if (clientAddress !== null) headers.set("X-Forwarded-For", clientAddress);
  headers.set("X-Forwarded-Host", host);
  headers.set("X-Forwarded-Proto", protocol.replace(":", ""));
  try {
    return await proxy(originUrl + pathname + search, {
      raw: new Request(request.url, { method: request.method, headers, body: bodyOf(request) }),
      strictConnectionProcessing: true,
      redirect: "manual",
      customFetch: async (upstream) => {
        // BITS downloads need byte ranges and Content-Length, so no coding may be applied on the way;
        // the HTTP door's own server compresses again where the client asked for it.
        upstream.headers.set("Accept-Encoding", "identity");
        return await fetch(upstream);
      },
    });
  } catch (error) {
    log("proxy-failed", { door: arrival.door, path: pathname, error: String(error) });
    return new Response(null, { status: 502 });
  }
}

/** The body with its length where the client said it: legacy origins refuse chunked requests. */
function bodyOf(request: Request): ReadableStream | null {
  const length = request.headers.get("Content-Length");
  if (request.body === null || length === null) return request.body;
  const { readable, writable } = new FixedLengthStream(BigInt(length));
  // A body that breaks off aborts the request; the origin never sees a short one as whole.
  void copy(request.body, writable).catch((error: unknown) => writable.abort(error).catch(() => undefined));
  return readable;
}

/** The runtime's own pipe takes 4 KiB at a time of a TCP door's body: twenty times slower than this. */
async function copy(body: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader({ mode: "byob" });
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined); // told by `write` and `close` already
  for (let size = LEAST_COPY_BYTES; ;) {
    const { value, done } = await reader.read(new Uint8Array(size));
    if (done) break;
    if (value.byteLength === size) size = Math.min(size * 2, MOST_COPY_BYTES);
    await writer.write(value);
  }
  await writer.close();
}
