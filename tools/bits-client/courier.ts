import { exchange, type SilenceLimits, WINDOWS_SILENCE } from "./exchange.ts";
import { type ClientPacket, formatPacketHead, type Verb } from "./packet-head.ts";
import { type Answer, readAnswer } from "./read-ack.ts";
import { atHost, closeRoute, type Route, routeTo } from "./route.ts";
import type { TlsSettings } from "./tls-settings.ts";

/** Who sends, and where to. */
export interface CourierSettings {
  /** The destination URL, http or https. */
  readonly url: URL;
  /** `auto`: BITS_POST, and POST where an HTTP front end does not know that verb. */
  readonly verb: Verb | "auto";
  /** Value of Authorization; null for none. */
  readonly authorization: string | null;
  readonly tls: TlsSettings;
  readonly contentName: string;
  readonly silence?: SilenceLimits;
}

/** The bytes of a Fragment. */
export interface FragmentBody {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly onSent?: (bytes: number) => void;
}

/** What HTTP front ends answer to a verb that they do not know; 501 is Cloudflare's and workerd's. */
const UNKNOWN_VERB = new Set([400, 405, 501]);

/** Brings packets of one session to their server, one at a time, over one connection. */
export class Courier {
  readonly #settings: CourierSettings;
  #verb: Verb;
  #verbIsKnown: boolean;
  #url: URL;
  #route: Route;

  constructor(settings: CourierSettings) {
    this.#settings = settings;
    this.#verb = settings.verb === "auto" ? "BITS_POST" : settings.verb;
    this.#verbIsKnown = settings.verb !== "auto";
    this.#url = settings.url;
    this.#route = routeTo(settings.url, settings.tls);
  }

  /** The verb that is in use. */
  get verb(): Verb {
    return this.#verb;
  }

  /** The URL that packets go to. */
  get url(): URL {
    return this.#url;
  }

  /** Later packets go to the host that the server named (BITS-Host-Id), or back to the URL's own for null. */
  useHost(hostId: string | null): void {
    const url = hostId === null ? this.#settings.url : atHost(this.#settings.url, hostId);
    if (url.host === this.#url.host) return;
    closeRoute(this.#route);
    this.#url = url;
    this.#route = routeTo(url, this.#settings.tls);
  }

  /**
   * One packet and its answer.
   *
   * @throws TransportError where no whole answer came; a Fragment's source may throw its own
   */
  async send(packet: ClientPacket, body?: FragmentBody, signal?: AbortSignal): Promise<Answer> {
    const answer = await this.#exchange(packet, body, signal);
    // Only what has no body is sent again: its source can be read once.
    if (this.#verbIsKnown || body !== undefined) return answer;
    if (answer.isAck || !UNKNOWN_VERB.has(answer.status)) {
      this.#verbIsKnown = answer.isAck;
      return answer;
    }
    this.#verb = "POST";
    const second = await this.#exchange(packet, body, signal);
    if (second.isAck) {
      this.#verbIsKnown = true;
      return second;
    }
    // Neither is understood; what was said to the protocol's own verb is the better thing to tell.
    this.#verb = "BITS_POST";
    return answer;
  }

  /** Ends the connection. */
  close(): void {
    closeRoute(this.#route);
  }

  async #exchange(packet: ClientPacket, body?: FragmentBody, signal?: AbortSignal): Promise<Answer> {
    const { authorization, contentName, silence = WINDOWS_SILENCE } = this.#settings;
    const { method, headers } = formatPacketHead(packet, this.#verb, contentName);
    const credentials: [string, string][] = authorization === null ? [] : [["Authorization", authorization]];
    const outgoing = {
      method,
      target: this.#url.pathname + this.#url.search,
      headers: [...headers, ...credentials],
      ...(body === undefined ? {} : { body: body.bytes }),
      ...(body?.onSent === undefined ? {} : { onSent: body.onSent }),
      ...(signal === undefined ? {} : { signal }),
    };
    return readAnswer(await exchange(this.#route, outgoing, silence));
  }
}
