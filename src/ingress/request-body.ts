import { BodyStream } from "./body-stream.ts";
import type { BodyCursor } from "./http1-chunked.ts";
import { Refusal } from "./refusals.ts";
import type { Wire } from "./wire.ts";

interface Filled {
  readonly view: Uint8Array<ArrayBuffer>;
  /** How many bytes from the view's start are the body's. */
  readonly bytes: number;
}

/** Taken at once for a consumer that brings no buffer. */
const OWN_BUFFER_BYTES = 262_144;
/** What a connection's second read of a body gets; it doubles up to the above. */
const LEAST_SPARE_BYTES = 8_192;

/** What the consumer of a body gets when the client, not the app, is at fault. */
export class BodyLost extends Error {
  override readonly name = "BodyLost";
  /** Set where the bytes were malformed; unset where they stopped coming. */
  readonly refusal: Refusal | null;

  constructor(message: string, refusal: Refusal | null = null, options?: ErrorOptions) {
    super(message, options);
    this.refusal = refusal;
  }
}

/**
 * A request's body while it is still on the wire. The app sees `stream`, which reads the socket only when it is
 * read, straight into the reader's buffer. What is lost is reported after what arrived: a `readAtLeast(n)` that
 * the client's disconnect cuts short gives the bytes that came, and the next read errors.
 */
export class RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #wire: Wire;
  readonly #cursor: BodyCursor;
  readonly #idleTimeoutSeconds: number;
  /** Sends `100 Continue`; null once sent, or where the client does not wait for it. */
  #sendContinue: (() => Promise<void>) | null;
  #failure: BodyLost | null = null;
  #isAnswerBegun = false;
  #isTaken = false;
  /** A buffer of our own, see `#readData`. */
  #spare: ArrayBuffer | null = null;
  #spareBytes = LEAST_SPARE_BYTES;
  #drained: Promise<boolean> | null = null;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(
    wire: Wire,
    cursor: BodyCursor,
    idleTimeoutSeconds: number,
    sendContinue: (() => Promise<void>) | null,
  ) {
    this.#wire = wire;
    this.#cursor = cursor;
    this.#idleTimeoutSeconds = idleTimeoutSeconds;
    this.#sendContinue = sendContinue;
    this.stream = new BodyStream((controller, atLeast) => {
      const pull = this.#pull(controller, atLeast);
      this.#busy = pull.catch(() => {});
      return pull;
    });
  }

  /** Whether the body was read to its end, so that the next request may follow. */
  get isAtEnd(): boolean {
    return this.#cursor.isAtEnd;
  }

  /** How much of the body is known to lie ahead; of a chunked one that is the current chunk. */
  get bytesAhead(): number {
    return this.#cursor.dataAhead;
  }

  /** Why no more of the body can be read, if so. */
  get failure(): BodyLost | null {
    return this.#failure;
  }

  /** Whether the client still waits for leave to send the body; if it is answered instead, it may never send it. */
  get isAwaited(): boolean {
    return this.#sendContinue !== null && !this.#wire.hasUnread;
  }

  /** The answer begins: `100 Continue` would now stand in the middle of it, so a body still held back stays so. */
  beginAnswer(): void {
    this.#isAnswerBegun = true;
  }

  /**
   * Takes the body from the app and throws the rest away, so that a client which sends everything before it reads
   * gets to read. Gives whether the end of the body was reached within `maximumBytes`, those of the first call.
   * Never rejects.
   */
  drain(maximumBytes: number): Promise<boolean> {
    this.#isTaken = true;
    this.#drained ??= this.#drain(maximumBytes);
    return this.#drained;
  }

  async #drain(maximumBytes: number): Promise<boolean> {
    await this.#busy;
    let view = new Uint8Array(
      this.isAtEnd || this.#failure !== null ? 0 : Math.min(OWN_BUFFER_BYTES, maximumBytes),
    );
    let left = maximumBytes;
    while (!this.#cursor.isAtEnd && left > 0) {
      const filled = await this.#fill(view, 1);
      if (filled.bytes === 0) break;
      view = filled.view;
      left -= filled.bytes;
    }
    return this.#cursor.isAtEnd;
  }

  async #pull(controller: ReadableByteStreamController, atLeast: number | null): Promise<void> {
    if (this.#isTaken) throw new Error("the request was answered before its body was read");
    const request = controller.byobRequest;
    const view = request?.view ?? null;
    // The runtime's own consumers (fetch, text(), pipeTo) ask for 4 KiB at a time; they get more, to queue.
    const isForView = view !== null && (atLeast !== null || view.byteLength >= OWN_BUFFER_BYTES);
    // The view is the stream's own and never on shared memory, which its type does not say.
    const space = isForView
      ? new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength)
      : new Uint8Array(Math.min(OWN_BUFFER_BYTES, this.#cursor.dataAhead || OWN_BUFFER_BYTES));
    await this.#giveLeave();
    const filled = await this.#fill(space, atLeast ?? 1);
    if (filled.bytes > 0) {
      const data = filled.view.subarray(0, filled.bytes);
      if (isForView) request?.respondWithNewView(data);
      else controller.enqueue(data);
    } else if (this.#failure !== null) {
      throw this.#failure;
    }
    if (this.#cursor.isAtEnd) {
      controller.close();
      if (filled.bytes === 0) request?.respond(0);
    }
  }

  async #giveLeave(): Promise<void> {
    const send = this.#sendContinue;
    if (send === null) return;
    if (this.#isAnswerBegun && !this.#wire.hasUnread)
      throw new Error("the answer began before the body was read");
    this.#sendContinue = null;
    // RFC 9110 section 10.1.1: not needed once some of the content has arrived.
    if (!this.#wire.hasUnread) await send();
  }

  /** Fills `view` until `atLeast` bytes are in it, the body ends, or it fails; what it gives counts either way. */
  async #fill(view: Uint8Array<ArrayBuffer>, atLeast: number): Promise<Filled> {
    // Asked now, because a view has no length any more once its buffer was handed to a read.
    const enough = Math.min(atLeast, view.byteLength);
    let filled: Filled = { view, bytes: 0 };
    while (filled.bytes < enough && !this.#cursor.isAtEnd && this.#failure === null) {
      try {
        if (this.#cursor.dataAhead === 0) await this.#readFraming();
        else filled = await this.#readData(filled);
      } catch (cause) {
        this.#failure =
          cause instanceof BodyLost ? cause : new BodyLost("the connection was lost", null, { cause });
      }
    }
    return filled;
  }

  /**
   * One read of data. A read that fails takes the buffer it was given with it. So the first goes straight into
   * the consumer's, and once something is in there the rest goes through a buffer of our own: on a fast link the
   * first read fills most of it, and on a poor one nothing that arrived is lost.
   */
  async #readData({ view, bytes }: Filled): Promise<Filled> {
    const wanted = Math.min(view.byteLength - bytes, this.#cursor.dataAhead);
    if (bytes === 0) {
      const { byteOffset, byteLength } = view;
      const read = await this.#wire.readInto(view.subarray(0, wanted), this.#idleTimeoutSeconds);
      this.#took(read.bytes);
      return { view: new Uint8Array(read.view.buffer, byteOffset, byteLength), bytes: read.bytes };
    }
    const size = this.#spareBytes;
    if (this.#spare?.byteLength !== size) this.#spare = new ArrayBuffer(size);
    const space = new Uint8Array(this.#spare, 0, Math.min(wanted, size));
    const read = await this.#wire.readInto(space, this.#idleTimeoutSeconds);
    this.#spare = read.view.buffer;
    // A client that dribbles costs the least; one that fills what it is given gets twice as much.
    if (read.bytes === size) this.#spareBytes = Math.min(size * 2, OWN_BUFFER_BYTES);
    this.#took(read.bytes);
    view.set(read.view.subarray(0, read.bytes), bytes);
    return { view, bytes: bytes + read.bytes };
  }

  #took(bytes: number): void {
    if (bytes === 0) throw new BodyLost("the client closed the connection inside the body");
    this.#cursor.took(bytes);
  }

  async #readFraming(): Promise<void> {
    const bytes = await this.#wire.read(this.#idleTimeoutSeconds);
    if (bytes === null) throw new BodyLost("the client closed the connection inside the body");
    const used = this.#cursor.readFraming(bytes);
    if (used instanceof Refusal) throw new BodyLost(used.reason, used);
    this.#wire.unread(bytes.subarray(used));
  }
}
