import { connect, type Socket } from "node:net";

/** What the client needs to know of an answer: everything else stays bytes. */
export interface Answer {
  readonly status: number;
  readonly head: string;
  /** From the write of the request to the last byte of the answer's head. */
  readonly milliseconds: number;
}

const HEAD_END = "\r\n\r\n";
/** No answer that is read here has text of its own that could hold this. */
const LAST_CHUNK = "0\r\n\r\n";

/**
 * One connection that spends as little CPU as Node allows, so that what is measured is the server: head and body
 * leave in one `writev` from buffers made before, answers are read into one small buffer, and an answer has no
 * body or a short one. One request at a time.
 */
export class LeanConnection {
  readonly #socket: Socket;
  #received = "";
  #sentAt = 0;
  #waiting: PromiseWithResolvers<Answer> | null = null;
  #isOver = false;

  private constructor(host: string, port: number, connected: PromiseWithResolvers<void>) {
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(16_384),
        callback: (bytes, buffer) => {
          this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, bytes).toString("latin1"));
          return true;
        },
      },
    });
    this.#socket.on("connect", () => connected.resolve());
    this.#socket.on("error", (error) => {
      connected.reject(error);
      this.#end(error);
    });
    this.#socket.on("close", () =>
      this.#end(new Error("the server closed the connection before its answer")),
    );
  }

  static async open(host: string, port: number): Promise<LeanConnection> {
    const connected = Promise.withResolvers<void>();
    const connection = new LeanConnection(host, port, connected);
    await connected.promise;
    return connection;
  }

  /** Whether a further request needs a new connection. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends one request and gives its answer; rejects where the connection ends first. */
  request(head: string, body?: Uint8Array): Promise<Answer> {
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting = waiting;
    this.#sentAt = performance.now();
    this.#socket.cork();
    this.#socket.write(head, "latin1");
    if (body !== undefined) this.#socket.write(body);
    this.#socket.uncork();
    return waiting.promise;
  }

  close(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#received.slice(0, headEnd + 2);
    const end = this.#endOf(head, headEnd + HEAD_END.length);
    if (end === null || this.#received.length < end) return;
    this.#received = this.#received.slice(end);
    if (/\nconnection: *close/i.test(head)) this.close();
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve({
      status: Number(head.slice(9, 12)),
      head,
      milliseconds: performance.now() - this.#sentAt,
    });
  }

  /** Where the answer ends, or null while that has not arrived. */
  #endOf(head: string, bodyStart: number): number | null {
    if (!/\ntransfer-encoding: *chunked/i.test(head)) {
      return bodyStart + Number(/\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    }
    const lastChunk = this.#received.indexOf(LAST_CHUNK, bodyStart);
    return lastChunk === -1 ? null : lastChunk + LAST_CHUNK.length;
  }

  #end(error: Error): void {
    this.#isOver = true;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
