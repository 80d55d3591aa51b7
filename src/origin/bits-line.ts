import type { ResponseHead } from "../http1/response-framing.ts";
import type { Network } from "../runtime/network.ts";
import { type Connection, exchangeOn, type OriginPacket } from "./bits-exchange.ts";
import { LineBroken } from "./bits-way.ts";
import { closeSocket, openSocket } from "../runtime/open-socket.ts";
import { watchForSilence } from "../runtime/silence-watch.ts";

const CONNECT_SECONDS = 10;

/** An open connection, and where it leads. */
interface Line extends Connection {
  readonly socket: Socket;
  /** Scheme, host and port. */
  readonly place: string;
  /** Whether it has brought an Ack already: the origin may have given it up since. */
  isUsed: boolean;
}

/**
 * A connection to the origin's BITS server, kept from packet to packet (RFC 9112 section 9.3). The runtime's `fetch`
 * knows no BITS_POST, so that it is a socket in any case.
 */
export class BitsLine {
  readonly #network: Network;
  readonly #silenceSeconds: number;
  #line: Line | null = null;

  constructor(network: Network, silenceSeconds: number) {
    this.#network = network;
    this.#silenceSeconds = silenceSeconds;
  }

  /**
   * Sends a packet and takes its Ack. If a kept connection breaks, it was given up, perhaps, before the packet came: the
   * packet goes once more, over a fresh one. A session takes no packet twice, whichever it is: a Fragment has its place,
   * and a session that was closed or cancelled is there no more.
   *
   * @throws LineBroken
   */
  async exchange(packet: OriginPacket): Promise<ResponseHead> {
    const isKept = this.#line?.isUsed === true;
    try {
      return await this.#exchangeOnce(packet);
    } catch (error) {
      if (!isKept || !(error instanceof LineBroken) || error.why !== "connectionLost") throw error;
      return await this.#exchangeOnce(packet);
    }
  }

  close(): void {
    if (this.#line !== null) closeSocket(this.#line.socket);
    this.#line = null;
  }

  async #exchangeOnce(packet: OriginPacket): Promise<ResponseHead> {
    const line = await this.#open(new URL(packet.url));
    const watch = watchForSilence(this.#silenceSeconds);
    const leave = (): void => this.close();
    watch.signal.addEventListener("abort", leave);
    try {
      const { head, isKept } = await exchangeOn(line, packet, watch);
      line.isUsed = true;
      if (!isKept) this.close();
      return head;
    } catch {
      this.close();
      throw new LineBroken(watch.signal.aborted ? "timedOut" : "connectionLost");
    } finally {
      watch.signal.removeEventListener("abort", leave);
      watch.stop();
    }
  }

  async #open(url: URL): Promise<Line> {
    if (this.#line?.place === url.origin) return this.#line;
    this.close();
    const seconds = Math.min(CONNECT_SECONDS, this.#silenceSeconds / 2);
    const socket = await openSocket(url.href, this.#network, seconds);
    if (socket === null) throw new LineBroken("cannotConnect");
    const reader = socket.readable.getReader({ mode: "byob" });
    this.#line = { socket, writable: socket.writable, reader, place: url.origin, isUsed: false };
    return this.#line;
  }
}
