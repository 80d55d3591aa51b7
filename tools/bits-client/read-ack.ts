import { HEADER } from "../../src/protocol/headers.ts";
import { parseFailingHresult } from "../../src/protocol/write-ack.ts";

/** The head of an answer to a packet, from a BITS server or from whoever stands before it. */
export interface AnswerHead {
  readonly status: number;
  /** In wire order, names in any case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What a client reads of an answer. A value that breaks its syntax is null, as if it were not there. */
export interface Answer {
  readonly status: number;
  /** `BITS-Packet-Type: Ack`: a BITS server has answered. Without it, something between has. */
  readonly isAck: boolean;
  readonly sessionId: string | null;
  readonly protocol: string | null;
  /** The next byte that the server wants, [MC-BUP] 2.2.7.2: a plain integer. */
  readonly offset: number | null;
  /** From BITS-Error-Code (Win32 pages) or BITS-Error (specification). */
  readonly hresult: number | null;
  /** 0x5: the server's own fault; 0x7: the application's. */
  readonly context: number | null;
  readonly replyUrl: string | null;
  readonly hostId: string | null;
  readonly hostIdFallbackTimeoutSeconds: number | null;
  /** Names of the authentication schemes that are asked for, in lower case. */
  readonly schemes: readonly string[];
  /** RFC 9110 10.2.3; null for a date, which is not read. */
  readonly retryAfterSeconds: number | null;
  readonly server: string | null;
}

/** A host, an IPv6 address in brackets, and perhaps a port: RFC 1738 5, as far as a URL can hold it. */
const HOST_ID = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Head → answer, [MC-BUP] 2.2.3 to 2.2.11. Header names compare without case (ruling 6). */
export function readAnswer({ status, headers }: AnswerHead): Answer {
  const valueOf = (name: string): string | null =>
    headers.find(([have]) => have.toLowerCase() === name.toLowerCase())?.[1].trim() ?? null;
  const fits = (name: string, pattern: RegExp): string | null => {
    const value = valueOf(name);
    return value !== null && pattern.test(value) ? value : null;
  };
  const whole = (name: string): number | null => {
    const digits = fits(name, /^\d{1,15}$/);
    return digits === null ? null : Number(digits);
  };
  return {
    status,
    isAck: valueOf(HEADER.packetType)?.toLowerCase() === "ack",
    // Any HTTP-legal text of up to 100 characters, [MC-BUP] 2.2.1.2.
    sessionId: fits(HEADER.sessionId, /^[\x21-\x7e]{1,100}$/),
    protocol: valueOf(HEADER.protocol)?.toLowerCase() ?? null,
    offset: whole(HEADER.receivedContentRange),
    hresult: parseFailingHresult(valueOf(HEADER.errorCode)) ?? parseFailingHresult(valueOf(HEADER.error)),
    context: parseContext(valueOf(HEADER.errorContext)),
    // Longer ones are nobody's, [MC-BUP] 2.2.1.2.
    replyUrl: fits(HEADER.replyUrl, /^[\x20-\x7e]{1,2200}$/),
    hostId: fits(HEADER.hostId, HOST_ID),
    hostIdFallbackTimeoutSeconds: whole(HEADER.hostIdFallbackTimeout),
    schemes: headers
      .filter(([name]) => name.toLowerCase() === HEADER.wwwAuthenticate.toLowerCase())
      .map(([, value]) => /^\s*([a-z0-9-]+)/i.exec(value)?.[1]?.toLowerCase() ?? "")
      .filter((scheme) => scheme !== ""),
    retryAfterSeconds: whole("Retry-After"),
    server: valueOf("Server"),
  };
}

function parseContext(text: string | null): number | null {
  const digits = /^0x([0-9a-f]{1,8})$/i.exec(text ?? "")?.[1];
  return digits === undefined ? null : Number.parseInt(digits, 16);
}
