import { connect } from "cloudflare:sockets";

/** The settings of the way to the origin; a part of `Config`. */
export interface NetworkSettings {
  readonly originUrl: string;
  /** By what an upload goes to the origin: `ORIGIN_CONNECTION`. */
  readonly originConnection: "auto" | "socket" | "fetch";
  /** The binding `ORIGIN`: a private network, a service, a client certificate; absent if there is none. */
  readonly originBinding?: object;
}

/** The way to a host. Every request to the origin takes it, and none goes past it. */
export interface Network {
  /** Whether the network is the binding's. Then the edge asks the binding only, and not even public DNS. */
  readonly isPrivate: boolean;
  readonly connection: "auto" | "socket" | "fetch";
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Opens a socket. If a binding cannot open sockets, the socket closes at once. */
  readonly connect: (address: SocketAddress, options: SocketOptions) => Socket;
}

/**
 * The network that leads to `url`. A URL on the origin is reached by the binding `ORIGIN`; every other URL, such as that of
 * a notified application on another host, by the runtime's own network.
 *
 * An upload goes by the binding's `fetch`, unless `ORIGIN_CONNECTION` is "socket". Only an attempt shows whether a binding
 * can open sockets, and a binding that speaks HTTP to its server would send a CONNECT there (workerd,
 * `ExternalHttpService`).
 */
export function networkFor(url: string, settings: NetworkSettings): Network {
  const { originUrl, originConnection: connection, originBinding } = settings;
  if (originBinding === undefined || new URL(url).host !== new URL(originUrl).host)
    return { isPrivate: false, connection, fetch: async (to, init) => await fetch(to, init), connect };
  const binding = originBinding as Fetcher; // `readConfig` has checked it, and only the runtime makes a Fetcher
  return {
    isPrivate: true,
    connection: connection === "auto" ? "fetch" : connection,
    fetch: async (to, init) => await binding.fetch(to, init),
    connect: (address, options) => binding.connect(address, options),
  };
}
