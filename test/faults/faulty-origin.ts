import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type LegacyOrigin, type LegacyOriginOptions, startLegacyOrigin } from "../support/legacy-origin.ts";

/** One commit on its way to the origin, on a connection of its own: its head is read, its body is not. */
interface Commit {
  readonly socket: Socket;
  readonly head: string;
  /** What the head announces. */
  readonly length: number;
  /** Bytes of the body in the order of their arrival; ends after `length` of them. */
  readonly body: () => AsyncGenerator<Buffer>;
  /** Hands the commit, or this body of it, to the healthy application and gives its answer, which need not be passed on. */
  readonly deliver: (body?: AsyncIterable<Buffer>) => Promise<string>;
}

/** What the wire does to a commit instead of passing it on. */
export type Fault = (commit: Commit) => Promise<void> | void;

/**
 * A wire in front of a healthy application: commits meet the fault that is set, on the level of bytes; with
 * none, they and everything else pass. Each connection has one request, so that a fault never meets one that was kept
 * from better times.
 */
export class FaultyOrigin {
  readonly application: LegacyOrigin;
  readonly port: number;
  /** While it is set every commit meets it. */
  fault: Fault | null = null;
  /** Commits that met a fault, by their Idempotency-Keys. */
  readonly met: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, application: LegacyOrigin) {
    this.#server = server;
    this.application = application;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the wire does not listen on TCP");
    this.port = address.port;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined); // the edge may leave at any time
      socket.on("close", () => this.#sockets.delete(socket));
      void this.#serve(socket).catch(() => socket.destroy());
    });
  }

  static async start(options: LegacyOriginOptions = {}): Promise<FaultyOrigin> {
    const application = await startLegacyOrigin(options);
    // Half-open, so that the end of a request does not end its answer.
    const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FaultyOrigin(server, application);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Refuses connections from now on, and ends those that are open. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.endAll();
    await closed;
  }

  async recover(): Promise<void> {
    this.fault = null;
    if (this.#server.listening) return;
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Resolves when the edge has left every connection that is open here, with or without having said all it had to say. */
  async whenLeft(): Promise<void> {
    const left = [...this.#sockets].map(async (socket) => {
      socket.resume();
      if (!socket.readableEnded && !socket.destroyed) {
        const news = new AbortController();
        const { signal } = news;
        // A reset is a way to leave, too.
        await Promise.race([once(socket, "end", { signal }), once(socket, "close", { signal })]).catch(
          () => {},
        );
        news.abort();
      }
    });
    await Promise.all(left);
  }

  /** Ends what faults have left open. */
  endAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.refuse();
    await this.application.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #serve(socket: Socket): Promise<void> {
    const received = await readHead(socket);
    if (received === null) return void socket.end(); // somebody looked whether we are there
    const { head, rest } = received;
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const isAnnounced = /^expect: *100-continue/im.test(head);
    const body = (): AsyncGenerator<Buffer> => {
      // As servers do whose application reads, and none after its answer (RFC 9110 section 10.1.1).
      if (isAnnounced && socket.bytesWritten === 0) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      return readBody(socket, rest, length);
    };
    const deliver = async (given?: AsyncIterable<Buffer>): Promise<string> =>
      this.#deliver(head, given ?? body());
    if (this.fault === null || !/^(PUT|POST) /.test(head)) {
      socket.end(await deliver(), "latin1");
      return;
    }
    this.met.push(/^idempotency-key: *(.*)$/im.exec(head)?.[1]?.trim() ?? "");
    await this.fault({ socket, head, length, body, deliver });
  }

  async #deliver(head: string, body: AsyncIterable<Buffer>): Promise<string> {
    const upstream = connect(this.application.port, "127.0.0.1");
    let answer = "";
    upstream.setEncoding("latin1").on("data", (text: string) => (answer += text));
    const closed = once(upstream, "close");
    const said = head.replace("\r\n", "\r\nConnection: close\r\n").replace(/^expect: .*\r\n/im, "");
    upstream.write(said, "latin1");
    for await (const chunk of body) {
      if (!upstream.write(chunk)) await once(upstream, "drain");
    }
    await closed;
    return answer;
  }
}

async function readHead(socket: Socket): Promise<{ head: string; rest: Buffer } | null> {
  let received = Buffer.alloc(0);
  for (;;) {
    const chunk = await nextChunk(socket);
    if (chunk === null) return null;
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf("\r\n\r\n");
    if (end >= 0) {
      const head = received.subarray(0, end + 4).toString("latin1");
      return { head, rest: received.subarray(end + 4) };
    }
  }
}

async function* readBody(socket: Socket, rest: Buffer, length: number): AsyncGenerator<Buffer> {
  let left = length - rest.length;
  if (rest.length > 0) yield rest;
  while (left > 0) {
    const chunk = await nextChunk(socket);
    if (chunk === null) throw new Error("the commit broke off");
    left -= chunk.length;
    yield chunk;
  }
}

/** What has arrived, without letting more arrive than is asked for; null at the end. */
async function nextChunk(socket: Socket): Promise<Buffer | null> {
  for (;;) {
    const chunk: Buffer | null = socket.read();
    if (chunk !== null) return chunk;
    if (socket.readableEnded || socket.destroyed) return null;
    const news = new AbortController();
    try {
      const { signal } = news;
      await Promise.race(["readable", "end", "close"].map(async (event) => once(socket, event, { signal })));
    } finally {
      news.abort();
    }
  }
}
