import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** What happens to one connection, counted in bytes from the client. */
export interface Mishap {
  /** Both ends are reset when so many bytes have passed. */
  readonly cutAfter?: number;
  /** Nothing passes any more after so many bytes; nobody is told. */
  readonly stallAfter?: number;
}

/** The way between a client and its server: passes bytes on, and breaks where the test says. */
export class Way implements AsyncDisposable {
  /** Connections that were opened. */
  connections = 0;
  /** Bytes from clients that were passed on. */
  bytes = 0;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #stalled = Promise.withResolvers<void>();

  private constructor(server: Server, to: number, mishapOf: (connection: number) => Mishap) {
    this.#server = server;
    server.on("connection", (client) => {
      const mishap = mishapOf(this.connections);
      this.connections += 1;
      this.#carry(client, connect({ host: "127.0.0.1", port: to }), mishap);
    });
  }

  /** @param mishapOf what happens to the connection of this number, 0 being the first */
  static async open(to: number, mishapOf: (connection: number) => Mishap = () => ({})): Promise<Way> {
    const server = createServer({ pauseOnConnect: false });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Way(server, to, mishapOf);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the way does not listen");
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when a connection has stalled, now or earlier. */
  async untilStalled(): Promise<void> {
    await this.#stalled.promise;
  }

  /** Resets what is open; the way itself stays open. */
  cut(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  #carry(client: Socket, server: Socket, { cutAfter, stallAfter }: Mishap): void {
    let passed = 0;
    for (const socket of [client, server]) {
      this.#open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#open.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      const limit = Math.min(cutAfter ?? Number.POSITIVE_INFINITY, stallAfter ?? Number.POSITIVE_INFINITY);
      const part = chunk.subarray(0, Math.max(0, limit - passed));
      passed += part.length;
      this.bytes += part.length;
      if (part.length > 0 && !server.write(part)) {
        client.pause();
        server.once("drain", () => client.resume());
      }
      if (passed < limit) return;
      if (limit === stallAfter) {
        client.pause();
        this.#stalled.resolve();
      } else {
        // What was passed on arrives before the reset does.
        server.end(() => server.destroy());
        client.resetAndDestroy();
      }
    });
    client.on("end", () => server.end());
    server.pipe(client);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}
