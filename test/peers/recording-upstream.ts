import { once } from "node:events";
import { createServer, type Server } from "node:http";

/** A request as it left the gateway. */
export interface ForwardedRequest {
  readonly method: string;
  /** As on the request line. */
  readonly target: string;
  readonly version: string;
  /** Values of all headers of this name, in any case. */
  values(name: string): string[];
  readonly body: Buffer;
}

/** Stands where the edge would, writes down what comes, answers 200. Node's server refuses BITS_POST as ours do. */
export class RecordingUpstream {
  readonly requests: ForwardedRequest[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const pairs = incoming.rawHeaders;
        this.requests.push({
          method: incoming.method ?? "",
          target: incoming.url ?? "",
          version: incoming.httpVersion,
          values: (name) =>
            pairs.filter((_, at) => at % 2 === 1 && pairs[at - 1]?.toLowerCase() === name.toLowerCase()),
          body: Buffer.concat(chunks),
        });
        response.writeHead(200, { "Content-Length": 0 }).end();
      });
    });
  }

  static async start(): Promise<RecordingUpstream> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new RecordingUpstream(server);
  }

  /** `host:port`. */
  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the upstream does not listen");
    return `127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
