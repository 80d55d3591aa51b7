import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/** One request as its bytes came, chunks and all. */
export interface RawRequest {
  /** Method, target and version. */
  readonly line: string;
  /** In wire order and spelling. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** What came after the head so far, still framed. */
  body: string;
  /** Whether the message came to its end: its length or its last chunk is there. */
  isWhole: boolean;
  /** Whether the edge has ended the connection, in whatever way. */
  isLeft: boolean;
  /** The first request of its connection is 1. */
  readonly turn: number;
  /** Values of all fields of this name, in any case. */
  readonly values: (name: string) => string[];
  /** Sends more of the answer. */
  readonly say: (bytes: string) => void;
  /** Ends the connection, however much of the answer was sent. */
  readonly end: () => void;
}

/** For {@link RawOrigin.answer}: the connection is reset. */
export const RESET = Symbol("reset");

/** What is answered to a whole request: bytes as they are, a TCP reset, or nothing at all. */
export type RawAnswer = string | Uint8Array | typeof RESET | null;

const DONE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** An origin that sees the bytes: what Node's server hides is what these tests are about. */
export class RawOrigin implements AsyncDisposable {
  readonly requests: RawRequest[] = [];
  /** Asked once a request's head is there; what it gives is sent when the request is whole. */
  answer: (request: RawRequest) => RawAnswer = () => DONE;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #heard = new Map<string, PromiseWithResolvers<void>>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => this.#serve(socket));
  }

  static async start(): Promise<RawOrigin> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new RawOrigin(server);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the origin does not listen");
    return address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections that the edge has open. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Requests whose target begins so. */
  to(target: string): RawRequest[] {
    return this.requests.filter(({ line }) => line.split(" ")[1]?.startsWith(target) === true);
  }

  /** Resolves when the head of a request to exactly this target is there, or was. */
  async hears(target: string): Promise<void> {
    await this.#hearing(target).promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #hearing(target: string): PromiseWithResolvers<void> {
    const hearing = this.#heard.get(target) ?? Promise.withResolvers<void>();
    this.#heard.set(target, hearing);
    return hearing;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let received = "";
    let request: RawRequest | null = null;
    let turn = 0;
    const leave = (): void => {
      this.#sockets.delete(socket);
      if (request !== null) request.isLeft = true;
    };
    socket.on("error", () => undefined);
    socket.on("end", leave).on("close", leave);
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      const end = received.indexOf("\r\n\r\n");
      if (request === null || request.isWhole) {
        if (end === -1) return;
        request = {
          ...parseHead(received.slice(0, end), ++turn),
          say: (bytes) => void socket.write(bytes),
          end: () => void socket.end(),
        };
        this.requests.push(request);
        this.#hearing(request.line.split(" ")[1] ?? "").resolve();
        received = received.slice(end + 4);
      }
      request.body += received;
      received = "";
      if (!isWhole(request)) return;
      request.isWhole = true;
      const answer = this.answer(request);
      if (answer === RESET) socket.resetAndDestroy();
      else if (answer !== null)
        socket.write(typeof answer === "string" ? Buffer.from(answer, "latin1") : answer);
    });
  }
}

function parseHead(head: string, turn: number): Omit<RawRequest, "say" | "end"> {
  const [line = "", ...lines] = head.split("\r\n");
  const fields = lines.map((text): [string, string] => {
    const colon = text.indexOf(":");
    return [text.slice(0, colon), text.slice(colon + 1).trim()];
  });
  const values = (name: string): string[] =>
    fields.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return { line, fields, body: "", isWhole: false, isLeft: false, turn, values };
}

function isWhole({ body, values }: RawRequest): boolean {
  if (values("Transfer-Encoding").length > 0) return /(?:^|\r\n)0\r\n\r\n$/.test(body);
  return body.length >= Number(values("Content-Length")[0] ?? 0);
}
