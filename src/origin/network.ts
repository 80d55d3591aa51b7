import { connect } from "cloudflare:sockets";
import type { Config, OriginConnection } from "../config/config.ts";

/** The way to a host of the origin's: every request there goes by it, and none past it. */
export interface Network {
  /** What brings a request there: see `ORIGIN_CONNECTION`. */
  readonly connection: OriginConnection;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly connect: (address: SocketAddress, options: SocketOptions) => Socket;
}

/** The network that leads to the origin: the runtime's own. */
export function networkOf({ originConnection }: Pick<Config, "originConnection">): Network {
  return { connection: originConnection, fetch: async (url, init) => await fetch(url, init), connect };
}
