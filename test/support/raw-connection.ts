import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ByteQueue } from "./byte-queue.ts";
import { bodyFraming, HttpResponse, parseResponseHead } from "./http-response.ts";

/** The other side took longer than it was given. */
export class ConnectionTimeout extends Error {
  override name = "ConnectionTimeout";
}

/** The connection ended, cleanly or not, before what was waited for had arrived whole. */
export class ConnectionLost extends Error {
  override name = "ConnectionLost";
}

/** What a {@link RawConnection} is opened with. */
export interface ConnectionOptions {
  /** How long one connect, one send or one response may take; default 120,000. */
  timeoutMilliseconds?: number;
  /** The client's own address; default: the system's choice. */
  localAddress?: string;
}

/** One TCP connection on which a test says what it likes and reads HTTP/1.1 responses one by one. */
export class RawConnection {
  readonly host: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #timeoutMilliseconds: number;
  readonly #received = new ByteQueue();
  #failure: Error | undefined;
  #ended = false;
  #event = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();

  private constructor(socket: Socket, host: string, port: number, timeoutMilliseconds: number) {
    this.#socket = socket;
    this.host = host;
    this.port = port;
    this.#timeoutMilliseconds = timeoutMilliseconds;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#wake();
    });
    socket.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on("error", (error) => {
      this.#failure = error;
      this.#wake();
    });
    socket.on("close", () => {
      this.#ended = true;
      this.#wake();
      this.#closed.resolve();
    });
  }

  /** Connects. Half-open is allowed, so that the server's end of sending does not end ours. */
  static async open(host: string, port: number, options: ConnectionOptions = {}): Promise<RawConnection> {
    const timeoutMilliseconds = options.timeoutMilliseconds ?? 120_000;
    const { localAddress } = options;
    const from = localAddress === undefined ? {} : { localAddress };
    const socket = connect({ host, port, allowHalfOpen: true, ...from });
    try {
      await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMilliseconds) });
    } catch (error) {
      socket.destroy();
      if (error instanceof Error && error.name === "AbortError") {
        throw new ConnectionTimeout(`no connection to ${host}:${port} in ${timeoutMilliseconds} ms`);
      }
      throw new ConnectionLost(`cannot connect to ${host}:${port}`, { cause: error });
    }
    return new RawConnection(socket, host, port, timeoutMilliseconds);
  }

  /** Bytes that came after the last response and belong to no request of ours. */
  get surplusBytes(): number {
    return this.#received.size;
  }

  /** Whether the server has ended its side, or the connection is gone. */
  get ended(): boolean {
    return this.#ended || this.#failure !== undefined;
  }

  /** Resolves when the system has taken the bytes: the caller may then reuse the buffer. */
  async send(bytes: Uint8Array | string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.write(bytes, (error) => {
      if (error) reject(new ConnectionLost("the connection broke while sending", { cause: error }));
      else resolve();
    });
    await inTime(promise, this.#deadline("nothing could be sent"));
  }

  /**
   * Reads exactly one response; what follows it is kept for the next call. After a timeout before the
   * first byte the call may be made again; one in the middle of a response leaves the connection useless.
   *
   * @param options - `toHead` when the request was a HEAD, whose answer has no body.
   * @throws {@link ConnectionTimeout} or {@link ConnectionLost}
   */
  async readResponse(
    options: { toHead?: boolean; timeoutMilliseconds?: number } = {},
  ): Promise<HttpResponse> {
    const deadline = this.#deadline("no whole response", options.timeoutMilliseconds);
    const head = parseResponseHead(await this.#takeThrough("\r\n\r\n", deadline));
    const framing = bodyFraming(head, options.toHead ?? false);
    if (framing.kind === "length") return new HttpResponse(head, await this.#take(framing.length, deadline));
    if (framing.kind === "chunked") return new HttpResponse(head, await this.#takeChunks(deadline));
    return new HttpResponse(head, await this.#takeToEnd(deadline));
  }

  /** Everything that still comes until the server ends the connection. */
  async readToEnd(timeoutMilliseconds?: number): Promise<Buffer> {
    return this.#takeToEnd(this.#deadline("the connection stayed open", timeoutMilliseconds));
  }

  /** Says that nothing more will be sent, and goes on listening. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Ends both directions at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends with a TCP reset, as a client whose machine lost the connection. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Resolves when the server has ended its side; bytes it sent before that can still be read. */
  async waitForEnd(timeoutMilliseconds?: number): Promise<void> {
    const deadline = this.#deadline("the server kept the connection open", timeoutMilliseconds);
    while (!this.ended) await this.#news(deadline);
  }

  /** Resolves when our own socket is closed for good, after {@link destroy} or both ends' end. */
  async waitForClose(timeoutMilliseconds?: number): Promise<void> {
    await inTime(this.#closed.promise, this.#deadline("the socket did not close", timeoutMilliseconds));
  }

  /** So that `using connection = …` cannot leave a socket behind. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  async #take(count: number, deadline: Deadline): Promise<Buffer> {
    while (this.#received.size < count) await this.#moreBytes(deadline);
    return this.#received.take(count);
  }

  async #takeThrough(delimiter: string, deadline: Deadline): Promise<Buffer> {
    for (;;) {
      const found = this.#received.takeThrough(delimiter);
      if (found !== undefined) return found;
      await this.#moreBytes(deadline);
    }
  }

  async #takeChunks(deadline: Deadline): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await this.#takeThrough("\r\n", deadline)).toString("latin1"), 16);
      if (!Number.isSafeInteger(size)) throw new Error("not a chunk size");
      if (size === 0) break;
      chunks.push(await this.#take(size, deadline));
      await this.#takeThrough("\r\n", deadline);
    }
    while ((await this.#takeThrough("\r\n", deadline)).length > 2); // trailers
    return Buffer.concat(chunks);
  }

  async #takeToEnd(deadline: Deadline): Promise<Buffer> {
    while (!this.ended) await this.#news(deadline);
    return this.#received.take(this.#received.size);
  }

  async #moreBytes(deadline: Deadline): Promise<void> {
    if (this.ended) throw new ConnectionLost("the server ended the connection", { cause: this.#failure });
    await this.#news(deadline);
  }

  async #news(deadline: Deadline): Promise<void> {
    await inTime(this.#event.promise, deadline);
  }

  /** Wakes everyone who waits; they look for themselves whether it was for them. */
  #wake(): void {
    this.#event.resolve();
    this.#event = Promise.withResolvers<void>();
  }

  #deadline(complaint: string, milliseconds = this.#timeoutMilliseconds): Deadline {
    return { at: performance.now() + milliseconds, complaint: `${complaint} in ${milliseconds} ms` };
  }
}

interface Deadline {
  at: number;
  complaint: string;
}

async function inTime<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => {
      reject(new ConnectionTimeout(deadline.complaint));
    },
    Math.max(0, deadline.at - performance.now()),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
