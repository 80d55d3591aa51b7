import { letGo } from "../runtime/let-go.ts";
import type { SilenceWatch } from "./silence-watch.ts";

/** How much of an upload lies ready for the origin: one large piece, or several small ones. */
const QUEUE_BYTES = 1024 * 1024;
/** Pieces are handed over in such parts, so that each is a sign of life. */
const PART_BYTES = 128 * 1024;
/**
 * How much is sent before a pause, at the beginning of a body: an origin that refuses does so early. When an answer comes
 * with a reset behind it, a write that waits for room fails, and takes the answer along before it was read (workerd
 * 1.20261117.1 ends both directions of a socket when one fails). So none is to wait until the origin had its time.
 */
const FIRST_BYTES = [128 * 1024, 512 * 1024, 1024 * 1024, 2 * 1024 * 1024];

/** How a body is sent. */
export interface Sending {
  readonly watch: SilenceWatch;
  /** Calls it off: a write that nobody takes would keep the object in memory for ever. */
  readonly signal: AbortSignal;
}

/** Writes into a request's body, and counts what is taken of it. */
export class Sender {
  /** Bytes that were taken, up to now or before it broke. */
  sent = 0;
  /** How long a pause at the beginning lasts; for a body that the network takes whole it need not be any. */
  pauseMs = 0;
  readonly #sending: Sending;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stops = [...FIRST_BYTES];
  #queued = 0;

  constructor(body: WritableStream<Uint8Array>, sending: Sending) {
    this.#sending = sending;
    this.#writer = body.getWriter();
    this.#writer.closed.catch(() => undefined); // told by `write` and `close` already
    sending.signal.addEventListener("abort", () => void this.abort());
  }

  /** Sends all of `pieces`, or as much as is taken; the request's own outcome says why it is not. */
  async send(pieces: Iterable<Uint8Array>): Promise<void> {
    try {
      for (const piece of pieces) await this.#sendInParts(piece);
    } catch {
      void this.abort();
    }
  }

  /** Ends the body. What was sent is on its way. */
  async close(): Promise<void> {
    await this.#writer.close().catch(async () => this.abort());
  }

  /** Breaks the body off: whoever reads it never sees its end. */
  async abort(): Promise<void> {
    await this.#writer.abort().catch(() => undefined);
  }

  async #sendInParts(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.byteLength;) {
      const end = Math.min(piece.byteLength, at + PART_BYTES);
      const taken = this.#write(piece.subarray(at, end), end === piece.byteLength);
      at = end;
      if (this.#queued >= QUEUE_BYTES) await taken;
      else taken.catch(() => undefined); // told by the next that is waited for, or by `close`
      await this.#pause(taken);
    }
  }

  /** Lets the origin say something, where as much was sent as it is given before. */
  async #pause(taken: Promise<void>): Promise<void> {
    const [stop = Number.POSITIVE_INFINITY] = this.#stops;
    if (this.pauseMs === 0 || this.sent + this.#queued < stop) return;
    this.#stops.shift();
    await taken;
    await scheduler.wait(this.pauseMs);
  }

  async #write(part: Uint8Array, isLast: boolean): Promise<void> {
    const { byteLength } = part;
    this.#queued += byteLength;
    await this.#writer.write(part);
    this.#queued -= byteLength;
    this.sent += byteLength;
    this.#sending.watch.took(byteLength);
    if (isLast) letGo(part); // left to the garbage collector, 2 GiB leave half a GiB behind
  }
}
