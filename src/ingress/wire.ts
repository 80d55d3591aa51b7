import { Deadline } from "../runtime/deadline.ts";
import { Headcount } from "../runtime/headcount.ts";

/** One timed-out read or write; the connection is of no further use in that direction. */
export class WireTimeout extends Error {
  override readonly name = "WireTimeout";
}

/** Enough for nearly every head with one read, small enough to have one for each idle connection. */
const SCRATCH_BYTES = 4_096;

/** Enough for a head and a Fragment of 64 KiB: one read in place of three, a seventh of what such a request costs. */
const WIDE_SCRATCH_BYTES = 72 * 1024;
/** A read this large marks a fast link, where resending a lost piece is cheap. */
const FAST_READ_BYTES = 64 * 1024;
/** So many connections of an isolate have the wide buffer; the others have the small one. */
const MOST_WIDE = 64;
/** Connections with a wide scratch buffer; longer than a connection may wait for its next request. */
const wide = new Headcount(600);

/**
 * A socket as the door uses it: reads with a time limit, bytes that were read too far put back, whole writes.
 * One read and one write may be under way at a time. Reads go through a BYOB reader into the caller's buffer, so
 * a body's bytes are written to memory once.
 */
export class Wire {
  readonly #socket: Socket;
  readonly #reader: ReadableStreamBYOBReader;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #writeTimeoutSeconds: number;
  /** The one buffer heads and framing are read into; it travels through the reader and comes back. */
  #scratch = new ArrayBuffer(SCRATCH_BYTES);
  #isWide = false;
  /** A read took too long: from here on, an end of the stream is not the client's. */
  #isSilent = false;
  #lastReadBytes = 0;
  /** Bytes that were read and not used: a view of the scratch buffer. */
  #unread: Uint8Array = new Uint8Array(0);
  /** A read that was begun before anybody asked for its bytes. */
  #ahead: Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> | null = null;
  readonly #readDeadline = new Deadline(() => {
    this.#isSilent = true;
    this.#ignore(this.#reader.cancel());
  });
  readonly #writeDeadline = new Deadline(() =>
    this.#ignore(this.#writer.abort(new WireTimeout("the client does not read"))),
  );

  constructor(socket: Socket, writeTimeoutSeconds: number) {
    this.#socket = socket;
    this.#reader = socket.readable.getReader({ mode: "byob" });
    this.#writer = socket.writable.getWriter();
    this.#writeTimeoutSeconds = writeTimeoutSeconds;
    // The read or write that was under way tells how the connection ended; these promises would only say it twice.
    for (const ended of [socket.closed, this.#reader.closed, this.#writer.closed]) ended.catch(() => {});
  }

  /** Whether bytes wait that were read before. */
  get hasUnread(): boolean {
    return this.#unread.byteLength > 0;
  }

  /** Whether the last read of the socket found plenty. */
  get isFast(): boolean {
    return this.#lastReadBytes >= FAST_READ_BYTES;
  }

  /** The next bytes, valid until the next read; null at the end of the client's stream. */
  async read(timeoutSeconds: number): Promise<Uint8Array | null> {
    if (this.hasUnread) {
      const bytes = this.#unread;
      this.#unread = bytes.subarray(bytes.byteLength);
      return bytes;
    }
    const reading = this.#ahead ?? this.#beginRead();
    this.#ahead = null;
    const read = await this.#timed(reading, timeoutSeconds);
    if (read.value === undefined) return null;
    this.#scratch = read.value.buffer;
    return read.done ? null : read.value;
  }

  /**
   * Resolves when the client ends its side, or the connection breaks, before the client sends anything more. Only a read can
   * tell, so this begins the next read, and `read` goes on with it: from here on, call nothing but `read`. A client that
   * ends its side and still listens counts as gone, as in nginx (`proxy_ignore_client_abort`).
   */
  async whenGone(): Promise<void> {
    if (this.hasUnread) return await new Promise(() => {});
    this.#ahead ??= this.#beginRead();
    const read = await this.#ahead.catch(() => null);
    if (read !== null && !read.done) await new Promise(() => {});
  }

  /** The client sends bodies: from now on its heads are read together with what follows them, if there is memory for it. */
  widen(): void {
    this.#isWide ||= wide.size < MOST_WIDE;
    if (this.#isWide) wide.heard(this);
  }

  /** Puts back the bytes of the last `read` that were too many; the next read begins with them. */
  unread(bytes: Uint8Array): void {
    this.#unread = bytes;
  }

  /**
   * Reads at least one byte into `view`, whose buffer is handed over. Gives the same place of the same memory,
   * as long as `view` and filled from its start, with the number of bytes read; zero at the end of the client's stream.
   */
  async readInto(
    view: Uint8Array<ArrayBuffer>,
    timeoutSeconds: number,
  ): Promise<{ view: Uint8Array<ArrayBuffer>; bytes: number }> {
    if (this.hasUnread) {
      const bytes = Math.min(view.byteLength, this.#unread.byteLength);
      view.set(this.#unread.subarray(0, bytes));
      this.#unread = this.#unread.subarray(bytes);
      return { view, bytes };
    }
    const { byteOffset, byteLength } = view;
    const read = await this.#timed(this.#reader.read(view), timeoutSeconds);
    if (read.value === undefined) throw new Error("the read was cancelled");
    return {
      view: new Uint8Array(read.value.buffer, byteOffset, byteLength),
      bytes: read.done ? 0 : read.value.byteLength,
    };
  }

  /** Resolves when the runtime has taken the bytes; rejects when the client is gone or does not take them in time. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#writeDeadline.start(this.#writeTimeoutSeconds);
    try {
      await this.#writer.write(bytes);
    } finally {
      this.#writeDeadline.end();
    }
  }

  /** Says that nothing more will be written (FIN); reading goes on. */
  async endWriting(): Promise<void> {
    await this.#writer.close();
  }

  /** Breaks the connection, so that a half-written answer cannot be taken for a whole one. */
  async abort(): Promise<void> {
    this.#ignore(this.#writer.abort(new Error("aborted")));
    await this.close();
  }

  /** Ends both directions; a read under way rejects. Never rejects. */
  async close(): Promise<void> {
    this.#readDeadline.stop();
    this.#writeDeadline.stop();
    wide.over(this);
    try {
      await this.#socket.close();
    } catch {
      // The socket is closed already.
    }
  }

  #beginRead(): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> {
    if (this.#isWide && this.#scratch.byteLength < WIDE_SCRATCH_BYTES)
      this.#scratch = new ArrayBuffer(WIDE_SCRATCH_BYTES);
    return this.#reader.read(new Uint8Array(this.#scratch));
  }

  /**
   * Cancels a read that takes too long. The runtime may still give the bytes of that read, and may end it or the next read
   * with the end of the stream or with an error of its own.
   */
  async #timed(
    reading: Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>>,
    timeoutSeconds: number,
  ): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> {
    this.#readDeadline.start(timeoutSeconds);
    try {
      const read = await reading;
      if (this.#isSilent && (read.done || read.value.byteLength === 0))
        throw new WireTimeout("the client is silent");
      this.#lastReadBytes = read.value?.byteLength ?? 0;
      return read;
    } catch (error) {
      throw this.#isSilent ? new WireTimeout("the client is silent") : error;
    } finally {
      this.#readDeadline.end();
    }
  }

  #ignore(work: Promise<unknown>): void {
    work.catch(() => {});
  }
}
