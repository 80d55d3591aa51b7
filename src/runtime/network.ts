import { connect } from "cloudflare:sockets";

/** What the settings say of the way to the origin; `Config` has it. */
export interface NetworkSettings {
  readonly originUrl: string;
  /** What brings an upload there: `ORIGIN_CONNECTION`. */
  readonly originConnection: "auto" | "socket" | "fetch";
  /** The binding `ORIGIN`: a private network, a service, a client certificate; absent if there is none. */
  readonly originBinding?: object;
}

/** The way to a host. Every request to the origin takes it, and none goes past it. */
export interface Network {
  /** Whether it is the binding's. Then nobody but the binding is asked anything, public DNS included. */
  readonly isPrivate: boolean;
  readonly connection: "auto" | "socket" | "fetch";
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Opens a socket; one of a binding that cannot is closed at once. */
  readonly connect: (address: SocketAddress, options: SocketOptions) => Socket;
}

/**
 * The network that leads to `url`: the binding `ORIGIN` where that is a URL on the origin, and the runtime's own for
 * everything else, such as an application on another host that is notified.
 *
 * A binding brings uploads by its `fetch`, unless `ORIGIN_CONNECTION` is "socket": whether it can open sockets can only be
 * tried, and one that speaks HTTP to its server would try it with a CONNECT there (workerd, `ExternalHttpService`).
 */
export function networkFor(url: string, settings: NetworkSettings): Network {
  const { originUrl, originConnection: connection, originBinding } = settings;
  if (originBinding === undefined || new URL(url).host !== new URL(originUrl).host)
    return { isPrivate: false, connection, fetch: async (to, init) => await fetch(to, init), connect };
  const binding = originBinding as Fetcher; // `readConfig` has looked; nothing but the runtime makes one
  return {
    isPrivate: true,
    connection: connection === "auto" ? "fetch" : connection,
    fetch: async (to, init) => await binding.fetch(to, init),
    connect: (address, options) => binding.connect(address, options),
  };
}
