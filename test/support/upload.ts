import { type Ack, cancelSession, closeSession, fragment, type PacketOptions } from "./bits-client.ts";
import type { RawConnection } from "./raw-connection.ts";
import { saysClose } from "./stream-fragment.ts";

/** Where an upload's packets go to. */
export interface Server {
  open(): Promise<RawConnection>;
}

/** What a client knows of its session. */
export interface Session {
  readonly destination: string;
  readonly sessionId: string;
  /** The whole file. */
  readonly bytes: Buffer;
}

/** How the packets of an upload are sent. */
export interface UploadOptions {
  /** Keeps to this connection, as Windows does, while the server does. Default: each packet has one of its own. */
  connection?: RawConnection;
  /** Default for every packet. */
  packet?: PacketOptions;
}

/** A client's side of one session. */
export class Upload<To extends Server = Server> implements Session, Disposable {
  readonly bench: To;
  readonly destination: string;
  readonly sessionId: string;
  readonly bytes: Buffer;
  readonly #packet: PacketOptions;
  #connection: RawConnection | null;

  constructor(bench: To, { destination, sessionId, bytes }: Session, options: UploadOptions = {}) {
    this.bench = bench;
    this.destination = destination;
    this.sessionId = sessionId;
    this.bytes = bytes;
    this.#packet = options.packet ?? {};
    this.#connection = options.connection ?? null;
  }

  /** The same as `destination`. */
  get target(): string {
    return this.destination;
  }

  /** The session as the server logs it, without braces. */
  get sessionName(): string {
    return this.sessionId.replaceAll(/[{}]/g, "");
  }

  /** The connection that the upload keeps to. */
  get connection(): RawConnection {
    if (this.#connection === null) throw new Error("each packet of this upload has a connection of its own");
    return this.#connection;
  }

  /** The same session as its client finds it at another server. */
  at<Other extends Server>(bench: Other): Upload<Other> {
    return new Upload(bench, this, { packet: this.#packet });
  }

  /** Sends the bytes from `first` up to and without `end` as one Fragment. */
  async send(
    first = 0,
    end = this.bytes.length,
    { connection, ...options }: PacketOptions & { connection?: RawConnection } = {},
  ): Promise<Ack> {
    const { sessionId, destination, bytes } = this;
    const range = { sessionId, first, total: bytes.length, bytes: bytes.subarray(first, end) };
    const packet = { ...this.#packet, ...options };
    return this.#over(connection, async (on) => fragment(on, destination, range, packet));
  }

  async close(connection?: RawConnection): Promise<Ack> {
    const { destination, sessionId } = this;
    return this.#over(connection, async (on) => closeSession(on, destination, sessionId, this.#packet));
  }

  async cancel(connection?: RawConnection): Promise<Ack> {
    const { destination, sessionId } = this;
    return this.#over(connection, async (on) => cancelSession(on, destination, sessionId, this.#packet));
  }

  /** The offset that the session stands at, asked with a Fragment that stores nothing before the last byte is due. */
  async offset(connection?: RawConnection): Promise<number> {
    const size = this.bytes.length;
    const options = connection === undefined ? {} : { connection };
    const { receivedContentRange = Number.NaN } = await this.send(size - 1, size, options);
    return receivedContentRange;
  }

  /** The Ack of Close-Session and Cancel-Session that went well. */
  get done(): { readonly sessionId: string } {
    return { sessionId: this.sessionId };
  }

  [Symbol.dispose](): void {
    this.#connection?.destroy();
  }

  async #over(given: RawConnection | undefined, send: (on: RawConnection) => Promise<Ack>): Promise<Ack> {
    if (given !== undefined && given !== this.#connection) return send(given);
    if (this.#connection === null) {
      using connection = await this.bench.open();
      return await send(connection);
    }
    const ack = await send(this.#connection);
    // A server may end a connection between two packets, if its Ack says so: the next one goes over another.
    if (saysClose(ack.response)) {
      this.#connection.destroy();
      this.#connection = await this.bench.open();
    }
    return ack;
  }
}
