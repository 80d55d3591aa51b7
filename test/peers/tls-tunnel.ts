import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { connect } from "node:tls";

/**
 * Speaks TLS for the test client, which knows plain sockets only: every connection to {@link port} becomes
 * one to the target, and ends as it ends.
 */
export class TlsTunnel {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  /** What the server chose by ALPN, one entry a connection. */
  readonly protocols: (string | false | null)[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Opens one to 127.0.0.1:`port`.
   *
   * @param ca - the certificate to trust, PEM
   * @param offers - protocols for ALPN
   * @param localAddress - the client's own; default: the system's choice
   */
  static async open(
    port: number,
    ca: string,
    offers = ["h2", "http/1.1"],
    localAddress?: string,
  ): Promise<TlsTunnel> {
    const server = createServer();
    const tunnel = new TlsTunnel(server);
    server.on("connection", (client) => {
      const from = localAddress === undefined ? {} : { localAddress };
      const secure = connect({ host: "127.0.0.1", port, ca, ALPNProtocols: offers, ...from });
      secure.once("secureConnect", () => tunnel.protocols.push(secure.alpnProtocol));
      client.setNoDelay(true);
      tunnel.#open.add(client);
      client.pipe(secure).pipe(client);
      for (const [one, other] of [
        [client, secure],
        [secure, client],
      ] as const) {
        one.on("error", () => other.destroy());
        one.on("close", () => {
          other.destroy();
          tunnel.#open.delete(client);
        });
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return tunnel;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the tunnel does not listen");
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}
