import { setTimeout as pause } from "node:timers/promises";
import {
  type Ack,
  closeSession,
  createSession,
  type PacketOptions,
  type PacketType,
  ping,
  SESSION_NOT_FOUND,
} from "./bits-client.ts";
import { ConnectionLost, ConnectionTimeout, RawConnection } from "./raw-connection.ts";
import { saysClose, streamFragment } from "./stream-fragment.ts";
import { isFinal, SessionUnknown, UploadRefused, type UploadReport } from "./upload-outcome.ts";
import { fileSource, type UploadSource } from "./upload-source.ts";

/** What may be said to {@link uploadFile}. */
export interface UploadOptions extends Pick<PacketOptions, "verb" | "headers"> {
  /** Default 1 MiB; Windows' range is 5 KiB to 13 MiB. */
  fragmentBytes?: number;
  /** Size of the first Fragment after a break, whose Ack tells where to go on; default `fragmentBytes`. */
  resumeFragmentBytes?: number;
  /** Destroys the connection once, when this many bytes of the file have left. */
  breakAfterBytes?: number;
  /** Failures in a row before the upload is given up; default 10. */
  tries?: number;
  /** Default 200; Windows waits for minutes. */
  retryDelayMilliseconds?: number;
  /** For one packet and its Ack; default 300,000 as Windows ([MC-BUP] 3.1.2.2). */
  timeoutMilliseconds?: number;
  /** Bytes of the file that have left so far; goes back when the server has less. */
  onProgress?: (bytes: number) => void;
  onAck?: (packetType: PacketType, ack: Ack) => void;
}

/**
 * Uploads as patiently as Windows: goes on at the offset that Acks give it, comes back after a broken
 * connection with a Ping and the offset it had, halves its Fragments on 413, starts over when its session is
 * unknown, repeats for a while what failed for a time.
 *
 * @param source - a path, or anything that gives bytes by offset.
 * @param url - the destination, `http:`; a raw socket is opened to its host and port.
 * @throws {@link UploadRefused} with the Ack that ended it, or the last connection's error.
 */
export async function uploadFile(
  source: string | UploadSource,
  url: string,
  options: UploadOptions = {},
): Promise<UploadReport> {
  const client = new PatientClient(
    typeof source === "string" ? await fileSource(source) : source,
    new URL(url),
    options,
  );
  return client.upload();
}

/** Windows sends nothing smaller, the last Fragment excepted ([MC-BUP] 6, notes 10 and 16). */
const SMALLEST_FRAGMENT_BYTES = 5 << 10;
const SESSIONS = 3;

class PatientClient {
  readonly #source: UploadSource;
  readonly #url: URL;
  readonly #options: UploadOptions;
  readonly #packet: PacketOptions;
  #connection: RawConnection | undefined;
  #sessionId: string | undefined;
  #offset = 0;
  #fragmentBytes: number;
  #breakAt: number | undefined;
  #failures = 0;
  #lost = false;
  #sentTo = 0;
  #replyUrl: string | undefined;
  readonly #count = { sessions: 0, connections: 0, fragments: 0, sentBytes: 0 };
  readonly #breaks: { sentTo: number; resumedAt: number }[] = [];

  constructor(source: UploadSource, url: URL, options: UploadOptions) {
    this.#source = source;
    this.#url = url;
    this.#options = options;
    const { verb = "BITS_POST", headers = {}, timeoutMilliseconds = 300_000 } = options;
    this.#packet = { verb, headers, timeoutMilliseconds, contentName: source.name };
    this.#fragmentBytes = options.fragmentBytes ?? 1 << 20;
    this.#breakAt = options.breakAfterBytes;
  }

  get #target(): string {
    return this.#url.pathname + this.#url.search;
  }

  async upload(): Promise<UploadReport> {
    const started = performance.now();
    try {
      for (;;) {
        try {
          const sessionId = await this.#create();
          await this.#sendAll(sessionId);
          const closing = performance.now();
          const closeAck = await this.#exchange("Close-Session", [200], (connection) =>
            closeSession(connection, this.#target, sessionId, this.#packet),
          );
          const now = performance.now();
          const times = { milliseconds: now - started, closeMilliseconds: now - closing };
          const learnt = { sessionId, breaks: this.#breaks, replyUrl: this.#replyUrl, closeAck };
          return { ...this.#count, ...times, ...learnt };
        } catch (error) {
          if (!(error instanceof SessionUnknown) || this.#count.sessions >= SESSIONS) throw error;
        }
      }
    } finally {
      this.#connection?.destroy();
    }
  }

  async #create(): Promise<string> {
    this.#sessionId = undefined;
    this.#offset = 0;
    this.#count.sessions += 1;
    const ack = await this.#exchange("Create-Session", [200, 201], (connection) =>
      createSession(connection, this.#target, this.#packet),
    );
    if (ack.sessionId === undefined) throw new UploadRefused("Create-Session", ack);
    this.#sessionId = ack.sessionId;
    return ack.sessionId;
  }

  async #sendAll(sessionId: string): Promise<void> {
    let acked = false;
    while (this.#offset < this.#source.size || !acked) {
      const ack = await this.#exchange("Fragment", [200, 413, 416], (connection) =>
        this.#sendFragment(connection, sessionId),
      );
      if (ack.status === 413) {
        if (this.#fragmentBytes === SMALLEST_FRAGMENT_BYTES) throw new UploadRefused("Fragment", ack);
        this.#fragmentBytes = Math.max(SMALLEST_FRAGMENT_BYTES, this.#fragmentBytes >> 1);
        continue;
      }
      const next = ack.receivedContentRange;
      if (next === undefined || !(next >= 0 && next <= this.#source.size)) {
        throw new UploadRefused("Fragment", ack);
      }
      if (this.#lost) {
        this.#breaks.push({ sentTo: this.#sentTo, resumedAt: next });
        this.#lost = false;
      }
      if (next > this.#offset) this.#failures = 0;
      else if (this.#source.size > 0) await this.#failed(new UploadRefused("Fragment", ack));
      this.#offset = next;
      this.#options.onProgress?.(next);
      acked ||= ack.status === 200;
      this.#replyUrl = ack.replyUrl ?? this.#replyUrl;
    }
  }

  async #sendFragment(connection: RawConnection, sessionId: string): Promise<Ack> {
    const wanted = (this.#lost ? this.#options.resumeFragmentBytes : undefined) ?? this.#fragmentBytes;
    const first = this.#offset;
    const length = Math.min(wanted, this.#source.size - first);
    const breakAt = this.#breakAt;
    if (breakAt !== undefined && breakAt > first && breakAt <= first + length) this.#breakAt = undefined;
    this.#count.fragments += 1;
    let left = first;
    const onSent = (offset: number): void => {
      this.#count.sentBytes += offset - left;
      left = offset;
      if (!this.#lost) this.#sentTo = offset;
      this.#options.onProgress?.(offset);
    };
    try {
      const range = { sessionId, first, length, breakAt: breakAt === first ? undefined : breakAt, onSent };
      return await streamFragment(connection, this.#target, this.#source, range, this.#packet);
    } catch (error) {
      this.#lost = true;
      throw error;
    }
  }

  /** Sends until one of the wanted statuses comes, an Ack forbids to go on, or the tries are used up. */
  async #exchange(
    packetType: PacketType,
    wanted: readonly number[],
    send: (connection: RawConnection) => Promise<Ack>,
  ): Promise<Ack> {
    for (;;) {
      let ack: Ack;
      try {
        ack = await send(await this.#connected());
      } catch (error) {
        if (!(error instanceof ConnectionLost || error instanceof ConnectionTimeout)) throw error;
        this.#connection?.destroy();
        await this.#failed(error);
        continue;
      }
      this.#options.onAck?.(packetType, ack);
      if (saysClose(ack.response)) this.#drop();
      if (wanted.includes(ack.status)) return ack;
      if (ack.errorCode === SESSION_NOT_FOUND) throw new SessionUnknown(packetType, ack);
      if (isFinal(packetType, ack.status)) throw new UploadRefused(packetType, ack);
      await this.#failed(new UploadRefused(packetType, ack));
    }
  }

  /** The open connection, or a new one; a session that is taken up again on a new one begins with a Ping. */
  async #connected(): Promise<RawConnection> {
    if (this.#connection?.ended === false) return this.#connection;
    const resumed = this.#connection !== undefined && this.#sessionId !== undefined;
    this.#connection?.destroy();
    const port = Number(this.#url.port || 80);
    this.#connection = await RawConnection.open(this.#url.hostname, port);
    this.#count.connections += 1;
    if (resumed) {
      const ack = await ping(this.#connection, this.#target, this.#packet);
      this.#options.onAck?.("Ping", ack);
      if (ack.status !== 200) throw new ConnectionLost(`Ping was answered ${ack.status}`);
    }
    return this.#connection;
  }

  #drop(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  async #failed(error: Error): Promise<void> {
    this.#failures += 1;
    if (this.#failures > (this.#options.tries ?? 10)) throw error;
    await pause(this.#options.retryDelayMilliseconds ?? 200);
  }
}
