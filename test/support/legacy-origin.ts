import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OriginBehaviour, OriginRequest, QueuedBehaviour } from "./origin-behaviour.ts";
import { OriginFiles } from "./origin-files.ts";
import { atProcessEnd } from "./process-end.ts";
import { OriginExchange, type OriginSettings } from "./origin-exchange.ts";

/** What {@link startLegacyOrigin} may be told. */
export interface LegacyOriginOptions {
  /** Default: a free one. */
  port?: number;
  /** Default: a temporary folder, removed by {@link LegacyOrigin.close}. */
  folder?: string;
  /** Whether bodies are hashed; default true. */
  hashes?: boolean;
  /** Whether bodies are written to disk; default true. */
  store?: boolean;
  /** Whether a repeated Idempotency-Key gets its first answer again and stores nothing; default false. */
  rememberIdempotencyKeys?: boolean;
  /** Asked about every request that no queued behaviour is for; `undefined` serves. */
  behave?: (request: OriginRequest) => OriginBehaviour | undefined;
}

const REMAINS = { recursive: true, force: true, maxRetries: 3 };

/**
 * An HTTP application as old ones behave: no chunked request bodies (411), whole files by PUT and POST,
 * `If-None-Match: *`, ranges; and on demand every way to answer badly or not at all.
 */
export class LegacyOrigin {
  readonly port: number;
  readonly files: OriginFiles;
  /** Every request in order of arrival, those still being read too. */
  readonly requests: OriginRequest[] = [];
  readonly #server: Server;
  readonly #ownFolder: boolean;
  readonly #callOff: () => void;
  readonly #queue: QueuedBehaviour[] = [];
  #meanwhile: OriginBehaviour | undefined;
  #arrived = Promise.withResolvers<void>();

  /** Use {@link startLegacyOrigin}. */
  constructor(server: Server, files: OriginFiles, options: LegacyOriginOptions) {
    this.#server = server;
    this.files = files;
    this.#ownFolder = options.folder === undefined;
    this.#callOff = atProcessEnd(() => {
      if (this.#ownFolder) rmSync(files.folder, REMAINS);
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the origin does not listen on TCP");
    this.port = address.port;
    const settings: OriginSettings = {
      files,
      hashes: options.hashes ?? true,
      store: options.store ?? true,
      statusOfKey: options.rememberIdempotencyKeys === true ? new Map() : undefined,
      keysSeen: new Set(),
    };
    server.on("request", (incoming, response) => {
      const exchange = new OriginExchange(incoming, response, settings);
      this.requests.push(exchange.record);
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers<void>();
      const isCommit = /^(PUT|POST)$/.test(exchange.record.method);
      const queued = isCommit ? (this.#queue.shift() ?? this.#meanwhile) : undefined;
      const behaviour = queued ?? options.behave?.(exchange.record) ?? { kind: "serve" };
      void exchange.run(behaviour);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Itself: nothing is between it and the edge. */
  get application(): this {
    return this;
  }

  /** The next PUTs and POSTs get these behaviours, one each; GET and HEAD only ask `behave`. */
  queue(...behaviours: QueuedBehaviour[]): void {
    this.#queue.push(...behaviours);
  }

  /**
   * All PUTs and POSTs get this behaviour while `act` runs: an attempt whose connection breaks inside of its request is a
   * second request at once (docs/decisions/0015).
   */
  async behaving<T>(behaviour: OriginBehaviour, act: () => Promise<T>): Promise<T> {
    this.#meanwhile = behaviour;
    try {
      return await act();
    } finally {
      this.#meanwhile = undefined;
    }
  }

  /** Requests of one method, e.g. the commits: `of("PUT")`. */
  of(method: string): OriginRequest[] {
    return this.requests.filter((request) => request.method === method);
  }

  /** Waits until a request that fits has arrived (now or earlier). */
  async waitFor(
    fits: (request: OriginRequest) => boolean,
    timeoutMilliseconds = 60_000,
  ): Promise<OriginRequest> {
    const deadline = AbortSignal.timeout(timeoutMilliseconds);
    const late = once(deadline, "abort").then(() => {
      throw new Error(`the origin was not asked in ${timeoutMilliseconds} ms`);
    });
    late.catch(() => {});
    for (;;) {
      const found = this.requests.find(fits);
      if (found !== undefined) return found;
      await Promise.race([this.#arrived.promise, late]);
    }
  }

  /** Refuses connections until {@link resume}, and ends those that are open. */
  async pause(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens again on the same port. */
  async resume(): Promise<void> {
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Ends everything and removes the temporary folder. */
  async close(): Promise<void> {
    if (this.#server.listening) await this.pause();
    this.#callOff();
    if (this.#ownFolder) await rm(this.files.folder, REMAINS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Starts a legacy origin on 127.0.0.1. */
export async function startLegacyOrigin(options: LegacyOriginOptions = {}): Promise<LegacyOrigin> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "legacy-origin-")));
  // Old servers keep idle connections for two minutes; Node's 5 seconds would look like lost connections.
  const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0, highWaterMark: 1 << 18 });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  return new LegacyOrigin(server, new OriginFiles(folder), options);
}
