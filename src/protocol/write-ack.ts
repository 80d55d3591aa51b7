import type { Fault } from "./faults.ts";
import { BITS_UPLOAD_PROTOCOL, HEADER } from "./headers.ts";
import type { PacketType } from "./packet.ts";

/** What an Ack says. `writeAck` turns it into a status and headers; it is the mirror of `parsePacket`. */
export interface Ack {
  /** Type of the packet that is answered; null if the request named none that is known. */
  readonly to: PacketType | null;
  /** The id as the client wrote it, or as it was issued; null if the request had none. */
  readonly sessionId: string | null;
  /** Next byte that a Fragment may start at; null if the session is not known. */
  readonly offset: number | null;
  /** Null on success. */
  readonly fault: Fault | null;
  /** Absolute URL of the application's reply; on the Ack of the Fragment that completes the upload. */
  readonly replyUrl?: string | null;
  /** The host for the session's later packets, and after how long the client may come back to this one. */
  readonly host?: { readonly id: string; readonly fallbackTimeoutSeconds: number } | null;
  /** The origin's challenges on a 401, one for each WWW-Authenticate. */
  readonly challenges?: readonly string[];
}

/**
 * Writes status and headers of an Ack, in the order in which IIS wrote them ([MC-BUP] 4.1). An Ack never has a body
 * ([MC-BUP] 2.2.3.1, 2.2.5.1, 2.2.7.1, 2.2.9.1, 2.2.11.1; ruling 1, shape of Acks).
 */
export function writeAck(ack: Ack): { readonly status: number; readonly headers: [string, string][] } {
  const headers: [string, string][] = [
    [HEADER.pragma, "no-cache"],
    [HEADER.packetType, "Ack"],
  ];
  const created = ack.to === "Create-Session" && ack.fault === null;
  if (created) headers.push([HEADER.protocol, BITS_UPLOAD_PROTOCOL]);
  // Ping's Ack names no session, even if the Ping did ([MC-BUP] 2.2.5.2; ruling 3, session ids).
  if (ack.sessionId !== null && ack.to !== "Ping") headers.push([HEADER.sessionId, ack.sessionId]);
  if (created && ack.host) headers.push(...hostHeaders(ack.host));
  headers.push([HEADER.contentLength, "0"]);
  // A plain integer, not a range ([MC-BUP] 2.2.7.2; ruling 4, the next offset).
  if (ack.to === "Fragment" && ack.offset !== null)
    headers.push([HEADER.receivedContentRange, String(ack.offset)]);
  if (ack.to === "Fragment" && ack.fault === null && ack.replyUrl)
    headers.push([HEADER.replyUrl, ack.replyUrl]);
  if (created) headers.push([HEADER.acceptEncoding, "identity"]);
  for (const challenge of ack.challenges ?? []) headers.push([HEADER.wwwAuthenticate, challenge]);
  if (ack.fault !== null) headers.push(...errorHeaders(ack.fault));
  return { status: ack.fault?.status ?? 200, headers };
}

/** [MC-BUP] 2.2.3.2. Without a timeout a client never falls back. */
function hostHeaders({ id, fallbackTimeoutSeconds }: NonNullable<Ack["host"]>): [string, string][] {
  const timeout = String(fallbackTimeoutSeconds);
  return [
    [HEADER.hostId, id],
    ...(fallbackTimeoutSeconds > 0
      ? [[HEADER.hostIdFallbackTimeout, timeout] satisfies [string, string]]
      : []),
  ];
}

/** Both names of the error header, and the context (ruling 2, error headers); none if the status says it all. */
function errorHeaders({ hresult, context }: Fault): [string, string][] {
  if (hresult === null) return [];
  const code = formatHresult(hresult);
  return [
    [HEADER.errorCode, code],
    [HEADER.error, code],
    [HEADER.errorContext, `0x${context.toString(16)}`],
  ];
}

/** Writes an HRESULT as 0x and eight upper-case hexadecimal digits. */
export function formatHresult(hresult: number): string {
  return `0x${(hresult >>> 0).toString(16).toUpperCase().padStart(8, "0")}`;
}

/**
 * Reads an application's BITS-Error-Code. A failing HRESULT has the top bit set ([MC-BUP] 2.2.1.2; ruling 14, plain
 * upload).
 *
 * @returns null if it is no HRESULT, or one that says success
 */
export function parseFailingHresult(text: string | null): number | null {
  const digits = /^0?x([0-9a-f]{8})$/i.exec(text?.trim() ?? "")?.[1];
  if (digits === undefined) return null;
  const hresult = Number.parseInt(digits, 16);
  return hresult >= 0x80000000 ? hresult : null;
}
