import { exchange, fetchStream, type SilenceLimits } from "../bits-client/exchange.ts";
import { type ClientPacket, formatPacketHead, type Verb } from "../bits-client/packet-head.ts";
import { type Answer, type AnswerHead, readAnswer } from "../bits-client/read-ack.ts";
import { closeRoute, type Route, routeTo } from "../bits-client/route.ts";
import type { TlsSettings } from "../bits-client/tls-settings.ts";
import { type TransportError, transportError } from "../bits-client/transport-error.ts";

/** Who is examined, and how. */
export interface PatientSettings {
  /** A destination; not a folder. */
  readonly url: URL;
  readonly authorization: string | null;
  readonly tls: TlsSettings;
  readonly signal: AbortSignal;
}

/** An answer to a packet, or why there was none. */
export type Heard =
  Spoken | { readonly kind: "silent"; readonly trouble: TransportError; readonly milliseconds: number };

/** An answer with what doctors want to know beside what a client reads. */
export interface Spoken {
  readonly kind: "spoken";
  readonly answer: Answer;
  readonly head: AnswerHead;
  /** The beginning of the body, where the packet had none itself. */
  readonly text: string;
  readonly milliseconds: number;
}

/** A gateway's page of error says in its first lines who it is. */
const TEXT_BYTES = 4096;

/** A doctor does not wait for as long as Windows does, but for Close-Session. */
const IMPATIENT: SilenceLimits = { sendMilliseconds: 20_000, receiveMilliseconds: 30_000 };

/** The server behind a URL, asked by single packets, each of which may be wrong on purpose. */
export class Patient {
  readonly settings: PatientSettings;
  /** The verb that was seen to work; set by the step that looks for it. */
  verb: Verb = "BITS_POST";
  #route: Route;

  constructor(settings: PatientSettings) {
    this.settings = settings;
    this.#route = routeTo(settings.url, settings.tls);
  }

  /** One packet without a body. */
  async ask(
    packet: ClientPacket,
    verb: Verb = this.verb,
    silence: SilenceLimits = IMPATIENT,
  ): Promise<Heard> {
    return await this.#timed(async (route) => {
      const outgoing = this.#outgoing(packet, verb);
      const { head, body } = await fetchStream(route, outgoing, silence);
      return { head, text: await beginningOf(body) };
    });
  }

  /** One Fragment; on a connection of its own where it may be cut off. */
  async send(
    packet: ClientPacket & { type: "Fragment" },
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal = this.settings.signal,
    route?: Route,
  ): Promise<Heard> {
    return await this.#timed(async (own) => {
      const outgoing = { ...this.#outgoing(packet, this.verb), body, signal };
      return { head: await exchange(route ?? own, outgoing, IMPATIENT), text: "" };
    });
  }

  /** A GET of another path of the same host, without credentials. */
  async get(target: string): Promise<Heard> {
    return await this.#timed(async (route) => {
      const headers: [string, string][] = [
        ["Accept", "*/*"],
        ["User-Agent", "bits-edge"],
      ];
      const { head, body } = await fetchStream(
        route,
        { method: "GET", target, headers, signal: this.settings.signal },
        IMPATIENT,
      );
      return { head, text: await beginningOf(body) };
    });
  }

  /** Another connection to the same server; the caller closes it. */
  anotherRoute(): Route {
    return routeTo(this.settings.url, this.settings.tls);
  }

  close(): void {
    closeRoute(this.#route);
  }

  #outgoing(packet: ClientPacket, verb: Verb): Parameters<typeof exchange>[1] {
    const { url, authorization, signal } = this.settings;
    const { method, headers } = formatPacketHead(packet, verb, "bits-edge-doctor.bin");
    const credentials: [string, string][] = authorization === null ? [] : [["Authorization", authorization]];
    return { method, target: url.pathname + url.search, headers: [...headers, ...credentials], signal };
  }

  async #timed(work: (route: Route) => Promise<{ head: AnswerHead; text: string }>): Promise<Heard> {
    const startedAt = performance.now();
    const elapsed = (): number => performance.now() - startedAt;
    try {
      const { head, text } = await work(this.#route);
      return { kind: "spoken", head, text, answer: readAnswer(head), milliseconds: elapsed() };
    } catch (error) {
      this.settings.signal.throwIfAborted();
      // A connection that failed is no good for the next question.
      closeRoute(this.#route);
      this.#route = this.anotherRoute();
      return { kind: "silent", trouble: transportError(error), milliseconds: elapsed() };
    }
  }
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString("latin1");
    if (text.length >= TEXT_BYTES) break;
  }
  return text.slice(0, TEXT_BYTES);
}
