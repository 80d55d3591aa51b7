import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/** A request as it came, and what the server makes of it before anything else. */
export interface OriginPacket {
  /** Of a packet; the verb of anything else. */
  readonly type: string;
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly sessionId: string | undefined;
}

/** An answer of the test's own. */
export interface Canned {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** What is done in place of serving a packet: an answer, a broken connection, or one that breaks, or says nothing, after the packet was taken. */
export type Instead = Canned | "reset" | "take and reset" | "take and stay silent" | undefined;

interface OpenSession {
  readonly target: string;
  bytes: Buffer;
}

/**
 * A BITS server as the published captures show IIS's, with the faults that a test wants. It takes what is in its turn,
 * says 416 to what is not, and publishes at Close-Session.
 */
export class BitsOrigin {
  readonly port: number;
  readonly packets: OriginPacket[] = [];
  readonly files = new Map<string, Buffer>();
  /** Connections that were made so far. */
  connections = 0;
  /** Asked about each packet. */
  instead: (packet: OriginPacket) => Instead = () => undefined;
  /** Fields that a success has beside its own. */
  more: (packet: OriginPacket) => Readonly<Record<string, string>> = () => ({});
  /** How its fields are spelt. */
  spell: (name: string) => string = (name) => name;
  closesAfterEach = false;
  readonly #sessions = new Map<string, OpenSession>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the origin does not listen on TCP");
    this.port = address.port;
    server.on("connection", (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
      this.#serve(socket).catch(() => socket.destroy());
    });
  }

  static async start(): Promise<BitsOrigin> {
    const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new BitsOrigin(server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** As after a restart without its sessions. */
  forget(): void {
    this.#sessions.clear();
  }

  /** Types of the packets since the last call, but for HEADs. */
  takeTypes(): string[] {
    return this.packets
      .splice(0)
      .map(({ type }) => type)
      .filter((type) => type !== "HEAD");
  }

  reset(): void {
    this.instead = () => undefined;
    this.more = () => ({});
    this.spell = (name) => name;
    this.closesAfterEach = false;
    this.packets.length = 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  async #serve(socket: Socket): Promise<void> {
    let received = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received = Buffer.concat([received, chunk]);
      for (;;) {
        const packet = parse(received);
        if (packet === null) break;
        received = received.subarray(packet.bytes);
        this.packets.push(packet.packet);
        if (!this.#answer(packet.packet, socket)) return;
      }
    }
    socket.end();
  }

  /** @returns whether the connection goes on */
  #answer(packet: OriginPacket, socket: Socket): boolean {
    const instead = this.instead(packet);
    if (instead === "reset") {
      socket.resetAndDestroy();
      return false;
    }
    if (typeof instead === "object") {
      this.#write(socket, instead);
      return !this.closesAfterEach;
    }
    const answer = this.#take(packet);
    if (instead === "take and stay silent") return true;
    if (instead === "take and reset") {
      socket.resetAndDestroy();
      return false;
    }
    this.#write(socket, answer);
    return !this.closesAfterEach;
  }

  #write(socket: Socket, { status, headers = {}, body }: Canned): void {
    const fields = Object.entries({ "Content-Length": "0", ...headers }).map(
      ([name, value]) => `${this.spell(name)}: ${value}\r\n`,
    );
    socket.write(`HTTP/1.1 ${status} Said\r\n${fields.join("")}\r\n`);
    if (body !== undefined) socket.write(body);
    if (this.closesAfterEach) socket.end();
  }

  #take(packet: OriginPacket): Canned {
    const { type, target, sessionId = "" } = packet;
    const ack = { "BITS-Packet-Type": "Ack", ...this.more(packet) };
    if (type === "GET" || type === "HEAD") return { status: 404 };
    if (type === "Ping") return { status: 200, headers: ack };
    if (type === "Create-Session") {
      const id = `{${randomUUID().toUpperCase()}}`;
      this.#sessions.set(id, { target, bytes: Buffer.alloc(0) });
      const protocol = "{7df0354d-249b-430f-820d-3d2a9bef4931}";
      return { status: 200, headers: { ...ack, "BITS-Protocol": protocol, "BITS-Session-Id": id } };
    }
    const session = this.#sessions.get(sessionId);
    if (session?.target !== target)
      return {
        status: 500,
        headers: { ...ack, "BITS-Error-Code": "0x8020001F", "BITS-Error-Context": "0x5" },
      };
    if (type === "Fragment") return this.#append(session, packet, ack);
    this.#sessions.delete(sessionId);
    if (type === "Close-Session") this.files.set(target, session.bytes);
    return { status: 200, headers: { ...ack, "BITS-Session-Id": sessionId } };
  }

  #append(session: OpenSession, { headers, body }: OriginPacket, ack: Record<string, string>): Canned {
    const [, first] = /^bytes (\d+)-/.exec(headers["content-range"] ?? "") ?? [];
    const isInTurn = Number(first) === session.bytes.length;
    if (isInTurn) session.bytes = Buffer.concat([session.bytes, body]);
    const received = { ...ack, "BITS-Received-Content-Range": String(session.bytes.length) };
    return { status: isInTurn ? 200 : 416, headers: received };
  }
}

/** The first request of `received`, once it is whole, and how many bytes it has. */
function parse(received: Buffer): { packet: OriginPacket; bytes: number } | null {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [line = "", ...fields] = received.subarray(0, end).toString("latin1").split("\r\n");
  const [verb = "", target = ""] = line.split(" ");
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  const bytes = end + 4 + Number(headers["content-length"] ?? 0);
  if (received.length < bytes) return null;
  const body = Buffer.from(received.subarray(end + 4, bytes));
  const type = verb === "BITS_POST" ? (headers["bits-packet-type"] ?? "") : verb;
  return { packet: { type, target, headers, body, sessionId: headers["bits-session-id"] }, bytes };
}
