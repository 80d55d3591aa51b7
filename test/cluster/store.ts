import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
  Agent,
} from "node:http";
import { once } from "node:events";
import { pipeline } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { type Backend, CREDENTIALS, startSimulator } from "./backend.ts";

/** How the bucket is just now. */
export type Mood =
  | "well"
  | "late" // answers up to a second later
  | "failing" // one request in three is answered 500 or 503, half of these after it was carried out
  | "silent"; // takes requests, and answers none of them

/** One request that was carried out. */
export interface Carried {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly bytes: number;
  /** From its head to the head of its answer. */
  readonly milliseconds: number;
}

/**
 * A bucket that speaks S3. The simulator of R2 is at a path, and workerd takes an endpoint without one; so a small server
 * stands in front of whatever holds the objects, signs anew, counts, and fails on demand. Bodies pass through it as they
 * come: a server that collects them stands still for seconds with one of 600 MB, and edges lose their leases.
 */
export class Store {
  mood: Mood = "well";
  /** Requests that were carried out, by method. */
  readonly counts = new Map<string, number>();
  bytesWritten = 0;
  /** Hears of each request that was carried out. */
  observe: (carried: Carried) => void = () => undefined;
  readonly #backend: Backend;
  readonly #front: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #asked = 0;

  private constructor(backend: Backend, front: Server) {
    this.#backend = backend;
    this.#front = front;
    front.on("request", (incoming: IncomingMessage, response: ServerResponse) => {
      this.#answer(incoming, response).catch(() => response.destroy());
    });
  }

  /**
   * @param port where it listens; default: any that is free
   * @param backend what holds the objects; default: the simulator of R2
   */
  static async start(port = 0, backend?: Backend | null): Promise<Store> {
    const holder = backend ?? (await startSimulator());
    const front = createServer({ requestTimeout: 0, keepAliveTimeout: 120_000 }).listen(port, "127.0.0.1");
    await once(front, "listening");
    return new Store(holder, front);
  }

  /** Where an edge reaches it. */
  get endpoint(): string {
    const address = this.#front.address();
    if (address === null || typeof address === "string") throw new Error("the store does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#front.close();
    this.#front.closeAllConnections();
    this.#agent.destroy();
    await this.#backend.stop();
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { mood } = this;
    this.#asked += 1;
    const turn = this.#asked;
    if (mood === "silent") {
      incoming.resume();
      return;
    }
    if (incoming.headers.authorization?.includes(`Credential=${CREDENTIALS.accessKeyId}/`) !== true) {
      refuse(incoming, response, 403, "InvalidAccessKeyId");
      return;
    }
    if (mood === "late") await pause((turn * 397) % 1_000);
    const fails = mood === "failing" && turn % 3 === 0;
    const refusal = turn % 4 === 0 ? 500 : 503;
    if (fails && turn % 2 !== 0) {
      refuse(incoming, response, refusal, "SlowDown");
      return;
    }
    const answer = await this.#carryOut(incoming);
    if (fails) {
      answer.resume();
      refuse(incoming, response, refusal, "SlowDown");
      return;
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  }

  async #carryOut(incoming: IncomingMessage): Promise<IncomingMessage> {
    const startedAt = performance.now();
    const method = incoming.method ?? "GET";
    const path = incoming.url ?? "";
    const bytes = Number(incoming.headers["content-length"] ?? 0);
    const { url: root, region, credentials, quotesETags } = this.#backend;
    const url = new URL(`${root}${path}`);
    const signer = new AwsV4Signer({ method, url: url.href, ...credentials, service: "s3", region });
    const signed = await signer.sign();
    const { host: _, "transfer-encoding": __, "if-match": condition, ...headers } = incoming.headers;
    const outgoing = request({
      agent: this.#agent,
      host: url.hostname,
      port: url.port,
      method,
      path: `${url.pathname}${url.search}`,
      headers: {
        ...headers,
        ...Object.fromEntries(signed.headers),
        "content-length": bytes,
        ...(condition === undefined
          ? {}
          : { "if-match": quotesETags ? condition : condition.replaceAll('"', "") }),
      },
    });
    pipeline(incoming, outgoing, () => undefined);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    this.counts.set(method, (this.counts.get(method) ?? 0) + 1);
    this.bytesWritten += bytes;
    this.observe({ method, url: path, bytes, milliseconds: performance.now() - startedAt });
    return answer;
  }
}

function refuse(incoming: IncomingMessage, response: ServerResponse, status: number, code: string): void {
  incoming.resume();
  response.writeHead(status, { "Content-Type": "application/xml" });
  response.end(`<Error><Code>${code}</Code><Message>By order of the test.</Message></Error>`);
}
