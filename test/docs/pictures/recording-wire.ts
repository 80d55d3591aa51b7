import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A message as it was on the wire. */
export interface WireMessage {
  /** The first line and the fields, as they were sent. */
  readonly head: readonly string[];
  /** How many bytes of the body were on the wire. */
  readonly bodyBytes: number;
  /** Whether they were as many as the head says. */
  readonly isWhole: boolean;
  /** Its place among all messages of the process. */
  readonly order: number;
}

/** A request, and its answer where it has one. */
export interface WireExchange {
  readonly request: WireMessage;
  readonly answer: WireMessage | undefined;
  /** Which connection to this wire, from 1 on. */
  readonly connection: number;
}

interface Chunk {
  readonly bytes: Buffer;
  readonly order: number;
}

let chunks = 0;

/** Passes bytes on to a port of this machine, and keeps a copy. */
export class RecordingWire {
  readonly #server: Server;
  readonly #connections: { readonly asked: Chunk[]; readonly answered: Chunk[] }[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    server.on("connection", (near) => {
      const far = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
      const recorded = { asked: [] as Chunk[], answered: [] as Chunk[] };
      this.#connections.push(recorded);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
      }
      near.on("data", (bytes: Buffer) => recorded.asked.push({ bytes, order: (chunks += 1) }));
      far.on("data", (bytes: Buffer) => recorded.answered.push({ bytes, order: (chunks += 1) }));
      near.pipe(far).pipe(near);
    });
  }

  static async open(port: number): Promise<RecordingWire> {
    const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new RecordingWire(server, port);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the wire does not listen");
    return address.port;
  }

  /** How many bytes came in on the nth connection. */
  bytesAsked(connection: number): number {
    return this.#connections[connection - 1]?.asked.reduce((sum, { bytes }) => sum + bytes.length, 0) ?? 0;
  }

  exchanges(): WireExchange[] {
    return this.#connections.flatMap(({ asked, answered }, index) => {
      const requests = messagesIn(asked);
      const answers = messagesIn(answered, requests);
      // What is said to somebody who has left in the middle of a request is heard by nobody.
      return requests.map((request, at) => ({
        request,
        answer: request.isWhole ? answers[at] : undefined,
        connection: index + 1,
      }));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/**
 * What follows each other on a connection, interim answers (100) left out. Every message here has a Content-Length.
 *
 * @param requests those that the messages answer: to HEAD there is no body
 */
function messagesIn(stream: readonly Chunk[], requests: readonly WireMessage[] = []): WireMessage[] {
  const bytes = Buffer.concat(stream.map((chunk) => chunk.bytes));
  const messages: WireMessage[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf("\r\n\r\n", at);
    if (end === -1) break;
    const head = bytes.toString("latin1", at, end).split("\r\n");
    const isToHead = requests[messages.length]?.head[0]?.startsWith("HEAD ") === true;
    const length = isToHead ? 0 : contentLengthOf(head);
    const bodyBytes = Math.min(length, bytes.length - end - 4);
    const order = orderAt(stream, at);
    if (!/^HTTP\/1\.1 1\d\d /.test(head[0] ?? ""))
      messages.push({ head, bodyBytes, isWhole: bodyBytes === length, order });
    at = end + 4 + bodyBytes;
  }
  return messages;
}

export function contentLengthOf(head: readonly string[]): number {
  return Number(head.map((line) => /^content-length: (\d+)$/i.exec(line)?.[1]).find(Boolean) ?? 0);
}

function orderAt(stream: readonly Chunk[], offset: number): number {
  let before = 0;
  for (const { bytes, order } of stream) {
    before += bytes.length;
    if (offset < before) return order;
  }
  throw new Error("no chunk has this byte");
}
