import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** One notification as the application saw it. */
export interface Notification {
  readonly method: string;
  /** Path and query, as on the request line. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What the application answers. */
export interface ApplicationAnswer {
  /** Default 200. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** The reply, where it is notified by value. */
  body?: Uint8Array | string;
  /** How the end of the body is told; default "length". */
  framing?: "length" | "chunked" | "close";
}

/** "reset": the connection ends in the place of an answer. */
export type Handler = (
  notification: Notification,
) => ApplicationAnswer | "reset" | Promise<ApplicationAnswer | "reset">;

/**
 * The server application behind the edge ([MC-BUP] 1.1): it is told of an upload by POST, and answers what
 * the test says. What is PUT or asked for goes to the legacy origin, not here.
 */
export class Application {
  /** In order of arrival, noted when the body is read. */
  readonly notifications: Notification[] = [];
  readonly #server: Server;
  readonly #handlers = new Map<string, Handler[]>();
  readonly #port: number;
  #arrived = Promise.withResolvers<void>();

  private constructor(server: Server) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === "string")
      throw new Error("the application does not listen on TCP");
    this.#port = address.port;
    server.on("request", (incoming, response) => {
      this.#serve(incoming, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<Application> {
    const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0 });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Application(server);
  }

  /** Of the page that is notified. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}/receive.ashx`;
  }

  /** What this destination's notifications are answered, one each; the last answers all that follow. */
  answer(target: string, ...answers: (ApplicationAnswer | Handler)[]): void {
    const handlers = answers.map((answer): Handler => (typeof answer === "function" ? answer : () => answer));
    this.#handlers.set(target, handlers);
  }

  /** The notifications of one destination, in order. */
  of(target: string): Notification[] {
    return this.notifications.filter((notification) => targetOf(notification) === target);
  }

  /** Waits for a destination's notification, the first or another. */
  async notified(target: string, count = 1): Promise<Notification> {
    for (;;) {
      const found = this.of(target)[count - 1];
      if (found !== undefined) return found;
      await this.#arrived.promise;
    }
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const entries = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
    const notification: Notification = {
      method: incoming.method ?? "",
      url: incoming.url ?? "",
      headers: Object.fromEntries(entries) as Record<string, string>,
      body: Buffer.concat(chunks),
    };
    this.notifications.push(notification);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
    const handlers = this.#handlers.get(targetOf(notification)) ?? [];
    const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
    const answer = (await handler?.(notification)) ?? {};
    if (answer === "reset") incoming.socket.resetAndDestroy();
    else send(response, answer);
  }
}

function send(response: ServerResponse, answer: ApplicationAnswer): void {
  const { status = 200, headers = {}, body = "", framing = "length" } = answer;
  // Without either header Node ends the body with the connection, as servers of the captures' age did.
  response.useChunkedEncodingByDefault = framing === "chunked";
  const length = framing === "length" ? { "Content-Length": Buffer.byteLength(body) } : {};
  const connection = framing === "close" ? { Connection: "close" } : {};
  response.writeHead(status, { ...length, ...connection, ...headers });
  response.end(body);
}

function targetOf({ headers }: Notification): string {
  const original = headers["bits-original-request-url"] ?? "";
  return URL.canParse(original) ? new URL(original).pathname : "";
}
