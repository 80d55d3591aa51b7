/** How a request reached us, as the door saw it; a client cannot write any of this into a header. */
export interface Arrival {
  readonly door: "tcp" | "http";
  /** The verb on the wire. The runtime has no name for BITS_POST, so its `Request` says POST. */
  readonly method: string;
  /** Path and query as they stood on the request line: `new URL(request.url)` has resolved and respelt the path. */
  readonly target: string;
  /** The peer's IP address without its port, or null where the door cannot see it. */
  readonly clientAddress: string | null;
  /** The body, read straight from the wire; null where only `request.body` has it. */
  readonly body: BodyReader | null;
  /**
   * Resolves when the client leaves while it waits for its answer; never if the client stays. Call it once the body was
   * read. At the HTTP door the runtime itself ends the work for a client that leaves.
   */
  readonly whenGone: () => Promise<void>;
}

/**
 * A reader like a BYOB reader of `request.body`. A door's own reader has no stream of the runtime in between, which would
 * cost a tenth of a Fragment of 64 KiB. A consumer of this reader must leave `request.body` alone.
 */
export type BodyReader = Pick<ReadableStreamBYOBReader, "readAtLeast" | "releaseLock">;

const arrivals = new WeakMap<Request, Arrival>();

/** Called by a door before it hands `request` to the app. */
export function markArrival(request: Request, arrival: Arrival): void {
  arrivals.set(request, arrival);
}

/** What the door said of `request`. If no door has marked the request, it came through `fetch`. */
export function arrivalOf(request: Request): Arrival {
  const { method, url } = request;
  return (
    arrivals.get(request) ?? {
      door: "http",
      method,
      target: targetOf(url),
      clientAddress: peerOf(request),
      body: null,
      whenGone: never,
    }
  );
}

/**
 * The request target, from a URL that a door made of the request line and of Host. At the HTTP door `request.url` is such a
 * URL (seen with workerd 1.20261023.1: `http://h/a/../b\\c//d`).
 */
export function targetOf(url: string): string {
  const target = /^[a-z]+:\/\/[^/?#]*(.*)$/is.exec(url)?.[1] ?? "";
  return target.startsWith("/") ? target : `/${target}`;
}

async function never(): Promise<void> {
  await new Promise(() => {});
}

/** The one reader of the body of `request`; null where there is none. */
export function bodyReaderOf(request: Request, { body }: Arrival): BodyReader | null {
  return body ?? request.body?.getReader({ mode: "byob" }) ?? null;
}

/**
 * Cloudflare replaces a client's own CF-Connecting-IP. A workerd of one's own does not, but says in
 * `cf` who is at the other end (seen with workerd 2026-10-23: `{"clientIp":"127.0.0.1:58680"}`).
 */
function peerOf(request: Request): string | null {
  const peer: unknown = request.cf?.["clientIp"];
  if (typeof peer !== "string") return request.headers.get("CF-Connecting-IP");
  return peer.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}
