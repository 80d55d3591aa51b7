import type { BodyReader } from "./arrival.ts";
import { BodyStream } from "./body-stream.ts";
import type { BodyCursor } from "../http1/body-cursor.ts";
import { BodyFiller, type BodyLost } from "./body-filler.ts";
import type { Wire } from "./wire.ts";

/** The size of one read for a consumer that brings no buffer. */
const OWN_BUFFER_BYTES = 262_144;
/**
 * A request's body while it is still on the wire. The app sees `stream`. A read of the stream reads the socket, straight
 * into the reader's buffer. If the client disconnects, the bytes that arrived come first and the error second: a
 * `readAtLeast(n)` that is cut short gives the bytes that came, and the next read errors.
 */
export class RequestBody implements BodyReader {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #wire: Wire;
  readonly #cursor: BodyCursor;
  readonly #filler: BodyFiller;
  /** Sends `100 Continue`; null once it is sent, or if the client does not wait for it. */
  #sendContinue: (() => Promise<void>) | null;
  #isAnswerBegun = false;
  #isTaken = false;
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
    this.#filler = new BodyFiller(wire, cursor, idleTimeoutSeconds);
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

  /** How many bytes of the body are known to follow; for a chunked body, the rest of the current chunk. */
  get bytesAhead(): number {
    return this.#cursor.dataAhead;
  }

  /** Why no more of the body can be read, if so. */
  get failure(): BodyLost | null {
    return this.#filler.failure;
  }

  /** Whether the client still waits for leave to send the body; if it is answered instead, it may never send it. */
  get isAwaited(): boolean {
    return this.#sendContinue !== null && !this.#wire.hasUnread;
  }

  /**
   * The answer begins, and `100 Continue` would stand in the middle of it: a client that holds its body back gets none.
   */
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
      this.isAtEnd || this.failure !== null ? 0 : Math.min(OWN_BUFFER_BYTES, maximumBytes),
    );
    let left = maximumBytes;
    while (!this.#cursor.isAtEnd && left > 0) {
      const filled = await this.#filler.fill(view, 1);
      if (filled.bytes === 0) break;
      view = filled.view;
      left -= filled.bytes;
    }
    return this.#cursor.isAtEnd;
  }

  /** Reads like a BYOB reader of `stream`, without the stream; a consumer uses one of the two. */
  async readAtLeast<View extends ArrayBufferView>(
    minimum: number,
    view: View,
  ): Promise<ReadableStreamReadResult<View>> {
    const taking = this.#take(bytesOf(view), minimum);
    this.#busy = taking.catch(() => {});
    const value = await taking;
    return value === null ? { done: true } : { done: false, value: value as ArrayBufferView as View };
  }

  /** Does nothing: this reader locks nothing, and the next one may read on. */
  releaseLock(): void {}

  async #pull(controller: ReadableByteStreamController, atLeast: number | null): Promise<void> {
    const request = controller.byobRequest;
    const view = request?.view ?? null;
    // The runtime's own consumers (fetch, text(), pipeTo) ask for 4 KiB at a time; they get more, to queue.
    const isForView = view !== null && (atLeast !== null || view.byteLength >= OWN_BUFFER_BYTES);
    const space = isForView
      ? bytesOf(view)
      : new Uint8Array(Math.min(OWN_BUFFER_BYTES, this.#cursor.dataAhead || OWN_BUFFER_BYTES));
    const data = await this.#take(space, atLeast ?? 1);
    if (data !== null) {
      if (isForView) request?.respondWithNewView(data);
      else controller.enqueue(data);
    }
    if (this.#cursor.isAtEnd) {
      controller.close();
      if (data === null) request?.respond(0);
    }
  }

  /** Reads at least so many bytes into `space`, fewer if the body ends or breaks; null if none are left. */
  async #take(space: Uint8Array<ArrayBuffer>, atLeast: number): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.#isTaken) throw new Error("the request was answered before its body was read");
    await this.#giveLeave();
    const filled = await this.#filler.fill(space, atLeast);
    if (filled.bytes > 0) return filled.view.subarray(0, filled.bytes);
    if (this.failure !== null) throw this.failure;
    return null;
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
}

/** A view is never on shared memory here, which its type does not say. */
function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
