import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A wire to a port of this machine, which counts what goes in. */
export class CountingRelay {
  /** Bytes that went to the port, of all connections. */
  bytes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    server.on("connection", (near: Socket) => {
      const far = connect(port, "127.0.0.1");
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on("error", () => to.destroy()).on("close", () => this.#sockets.delete(from));
        from.pipe(to);
      }
      near.on("data", (bytes: Buffer) => (this.bytes += bytes.length));
    });
  }

  static async start(port: number): Promise<CountingRelay> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new CountingRelay(server, port);
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the relay does not listen on TCP");
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}
