import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
  Agent,
} from "node:http";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

/** How the bucket is just now. */
export type Mood =
  | "well"
  | "late" // answers up to a second later
  | "failing" // one request in three is answered 500 or 503, half of these after it was carried out
  | "silent"; // takes requests, and answers none of them

export const BUCKET = "uploads";
export const CREDENTIALS = { accessKeyId: "AKIDOFTHETESTS", secretAccessKey: "a-secret-of-the-tests" };

/** Where Miniflare serves S3 (miniflare 5.20261117.0, `CorePaths.R2_S3`). */
const S3_PATH = "/cdn-cgi/local/r2/s3";

/**
 * A bucket that speaks S3: R2 as Cloudflare's own simulator has it, which checks signatures and serves conditional writes.
 * It is at a path, and workerd takes an endpoint without one; so a small server stands in front, signs anew, and fails on
 * demand.
 */
export class Store {
  mood: Mood = "well";
  /** Requests that were carried out, by method. */
  readonly counts = new Map<string, number>();
  bytesWritten = 0;
  readonly #simulator: Miniflare;
  readonly #front: Server;
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true });
  #asked = 0;

  private constructor(simulator: Miniflare, url: URL, front: Server) {
    this.#simulator = simulator;
    this.#url = url;
    this.#front = front;
    front.on("request", (incoming: IncomingMessage, response: ServerResponse) => {
      this.#answer(incoming, response).catch(() => response.destroy());
    });
  }

  /** @param port where it listens; default: any that is free */
  static async start(port = 0): Promise<Store> {
    const simulator = new Miniflare(
      convertV4MiniflareOptions({
        name: "store",
        modules: true,
        script: "export default { fetch: () => new Response(null, { status: 404 }) };",
        compatibilityDate: "2026-10-20",
        r2Buckets: { BUCKET: { id: BUCKET, s3Credentials: CREDENTIALS } },
      }),
    );
    const url = await simulator.ready;
    const front = createServer({ requestTimeout: 0, keepAliveTimeout: 120_000 }).listen(port, "127.0.0.1");
    await once(front, "listening");
    return new Store(simulator, url, front);
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
    await this.#simulator.dispose();
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const { mood } = this;
    this.#asked += 1;
    const turn = this.#asked;
    if (mood === "silent") return;
    if (incoming.headers.authorization?.includes(`Credential=${CREDENTIALS.accessKeyId}/`) !== true) {
      response.writeHead(403, { "Content-Type": "application/xml" });
      response.end("<Error><Code>InvalidAccessKeyId</Code></Error>");
      return;
    }
    if (mood === "late") await pause((turn * 397) % 1_000);
    const fails = mood === "failing" && turn % 3 === 0;
    if (!fails || turn % 2 === 0) {
      const answer = await this.#carryOut(incoming, body);
      if (!fails) {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
        return;
      }
      answer.resume();
    }
    response.writeHead(turn % 4 === 0 ? 500 : 503, { "Content-Type": "application/xml" });
    response.end("<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>");
  }

  async #carryOut(incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const method = incoming.method ?? "GET";
    this.counts.set(method, (this.counts.get(method) ?? 0) + 1);
    this.bytesWritten += body.length;
    const url = new URL(`${S3_PATH}${incoming.url ?? ""}`, this.#url);
    const signer = new AwsV4Signer({ method, url: url.href, ...CREDENTIALS, service: "s3", region: "auto" });
    const signed = await signer.sign();
    const { host: _, "transfer-encoding": __, ...headers } = incoming.headers;
    const outgoing = request({
      agent: this.#agent,
      host: this.#url.hostname,
      port: this.#url.port,
      method,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, ...Object.fromEntries(signed.headers), "content-length": body.length },
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    return answer;
  }
}
