import { letGo } from "../runtime/let-go.ts";
import type { SilenceWatch } from "../runtime/silence-watch.ts";

/** How much of an upload lies ready for the origin: one large piece, or several small ones. */
const QUEUE_BYTES = 1024 * 1024;
/**
 * Pieces are handed over in such parts, so that each is a sign of life, and each is one write: the runtime writes 64 KiB
 * at a time, and does not look in between whether something has come (seen with strace, workerd 1.20261117.1).
 */
const PART_BYTES = 64 * 1024;

/**
 * Where a body pauses after each part, so that an answer is read before the next write. When an answer comes with a reset
 * behind it, a write that meets the reset fails, and takes the answer along if it was not read: workerd ends both
 * directions of a socket when one fails (`HttpServiceAdapter::connect` of capnproto joins them so). While a body pauses,
 * the answer is read first, whatever comes behind it.
 */
export interface Pace {
  /** Bytes of the request that are sent before, and with, pauses. */
  readonly from: number;
  readonly until: number;
  readonly pauseMs: number;
}

const MEBIBYTE = 1024 * 1024;

/** An origin that refuses does so early, as a rule. */
export const PACES = {
  /** A body that the network takes whole is on its way before anyone can refuse it. */
  none: { from: 0, until: 0, pauseMs: 0 },
  /** For an origin that has asked for the body. */
  wanted: { from: 0, until: 2 * MEBIBYTE, pauseMs: 2 },
  /** For one that has said nothing. */
  unsure: { from: 0, until: 2 * MEBIBYTE, pauseMs: 10 },
  /** For one that cannot be asked again. */
  careful: { from: 0, until: 4 * MEBIBYTE, pauseMs: 5 },
} as const satisfies { readonly [name: string]: Pace };

/** As much lies between a write and whoever reads it, at most: the buffers of both sides (Linux, `tcp_wmem`, `tcp_rmem`). */
const IN_FLIGHT_BYTES = 10 * MEBIBYTE;

/** For a second look at an origin that left, its answer unheard, when so many bytes were on their way. */
export function paceAround(sent: number): Pace {
  return { from: sent - IN_FLIGHT_BYTES, until: sent + MEBIBYTE, pauseMs: 5 };
}

/** Bytes in order; some come from another object. A reader may let go of each piece's memory. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** How a body is sent. */
export interface Sending {
  readonly watch: SilenceWatch;
  /** Calls it off: a write that nobody takes would keep the object in memory for ever. */
  readonly signal: AbortSignal;
}

/** Writes into a request's body, and counts what is taken of it. */
export class Sender {
  /** Rejects when the bytes that are to be sent cannot be read: the request has broken off, and nothing answers it. */
  readonly torn: Promise<never>;
  /** Bytes that were taken, up to now or before it broke. */
  sent = 0;
  pace: Pace = PACES.none;
  readonly #sending: Sending;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #tear: (error: unknown) => void;
  #queued = 0;

  constructor(body: WritableStream<Uint8Array>, sending: Sending) {
    this.#sending = sending;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined); // told to whoever waits for it
    this.torn = promise;
    this.#tear = reject;
    this.#writer = body.getWriter();
    this.#writer.closed.catch(() => undefined); // told by `write` and `close` already
    sending.signal.addEventListener("abort", () => void this.abort());
  }

  /** Sends all of `pieces`, or as much as is taken; the request's own outcome says why it is not. */
  async send(pieces: Pieces): Promise<void> {
    try {
      for await (const piece of this.#watch(pieces)) await this.#sendInParts(piece);
    } catch {
      void this.abort();
    }
  }

  async *#watch(pieces: Pieces): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* pieces;
    } catch (error) {
      this.#tear(error);
      throw error;
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
      const isPaced = this.#isPaced;
      if (isPaced || this.#queued >= QUEUE_BYTES) await taken;
      else taken.catch(() => undefined); // told by the next that is waited for, or by `close`
      if (isPaced) await scheduler.wait(this.pace.pauseMs);
    }
  }

  get #isPaced(): boolean {
    const at = this.sent + this.#queued;
    return this.pace.from <= at && at < this.pace.until;
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
