/** How a request reached us, as the door saw it; a client cannot write any of this into a header. */
export interface Arrival {
  readonly door: "tcp" | "http";
  /** The verb on the wire. The runtime has no name for BITS_POST, so its `Request` says POST. */
  readonly method: string;
  /** The peer's IP address without its port, or null where the door cannot see it. */
  readonly clientAddress: string | null;
}

const arrivals = new WeakMap<Request, Arrival>();

/** Called by a door before it hands `request` to the app. */
export function markArrival(request: Request, arrival: Arrival): void {
  arrivals.set(request, arrival);
}

/**
 * What the door said of `request`. A request that no door marked came through `fetch`, where Cloudflare
 * itself writes `CF-Connecting-IP` (a client's own header of that name is replaced on the network).
 */
export function arrivalOf(request: Request): Arrival {
  return (
    arrivals.get(request) ?? {
      door: "http",
      method: request.method,
      clientAddress: request.headers.get("CF-Connecting-IP"),
    }
  );
}
