import { type Answer, LeanConnection } from "./lean-connection.ts";
import { type Dialect, DIALECTS } from "./dialects.ts";

/** Where a client sends its uploads, and in what words. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly dialect: keyof typeof DIALECTS;
}

/** What one upload took; the latencies are appended to, so that many uploads can share them. */
export interface UploadTimes {
  readonly milliseconds: number;
  /** Of these, from the first byte to the last fragment's answer. */
  readonly bodyMilliseconds: number;
  readonly closeMilliseconds: number;
}

/** Milliseconds of every answer, by packet. */
export interface Latencies {
  readonly begin: number[];
  readonly fragment: number[];
  readonly end: number[];
}

/** One client: a connection that is opened again when the server has closed it, and one upload at a time. */
export class UploadingClient {
  readonly #destination: Destination;
  readonly #dialect: Dialect;
  #connection: LeanConnection | null = null;
  connections = 0;

  constructor(destination: Destination) {
    this.#destination = destination;
    this.#dialect = DIALECTS[destination.dialect];
  }

  /**
   * @param fragment the bytes of every fragment; the last one is cut
   * @param ends whether the upload is closed, which commits it
   */
  async upload(
    target: string,
    totalBytes: number,
    fragment: Uint8Array,
    latencies: Latencies,
    ends = true,
  ): Promise<UploadTimes> {
    const started = performance.now();
    const created = await this.#send(this.#dialect.begin(target, totalBytes));
    latencies.begin.push(created.milliseconds);
    const handle = this.#dialect.handleOf(created.head);
    const bodyStarted = performance.now();
    for (let first = 0; first < totalBytes; first += fragment.byteLength) {
      const length = Math.min(fragment.byteLength, totalBytes - first);
      const head = this.#dialect.fragment(target, handle, first, length, totalBytes);
      const answer = await this.#send(
        head,
        length === fragment.byteLength ? fragment : fragment.subarray(0, length),
      );
      latencies.fragment.push(answer.milliseconds);
    }
    const closing = performance.now();
    const end = this.#dialect.end(target, handle);
    if (ends && end !== null) latencies.end.push((await this.#send(end)).milliseconds);
    const now = performance.now();
    return {
      milliseconds: now - started,
      bodyMilliseconds: closing - bodyStarted,
      closeMilliseconds: now - closing,
    };
  }

  close(): void {
    this.#connection?.close();
  }

  async #send(head: string, body?: Uint8Array): Promise<Answer> {
    if (this.#connection === null || this.#connection.isOver) {
      this.#connection = await LeanConnection.open(this.#destination.host, this.#destination.port);
      this.connections += 1;
    }
    const answer = await this.#connection.request(head, body);
    if (!(answer.status >= 200 && answer.status < 300))
      throw new Error(`${head.split("\r\n", 3).join(" | ")}\n${answer.head}`);
    return answer;
  }
}
