import { type ContentRange, formatContentRange, lengthOf } from "../../src/protocol/content-range.ts";
import { BITS_POST, BITS_UPLOAD_PROTOCOL, HEADER } from "../../src/protocol/headers.ts";

/**
 * A packet as a client means it, [MC-BUP] 2.2.2 to 2.2.10. Session ids are whatever the server issued: HTTP-legal
 * text, not always a GUID ([MC-BUP] 2.2.1.2).
 */
export type ClientPacket =
  | { readonly type: "Create-Session" | "Ping" }
  | { readonly type: "Fragment"; readonly sessionId: string; readonly range: ContentRange }
  | { readonly type: "Close-Session" | "Cancel-Session"; readonly sessionId: string };

/**
 * How a packet says its verb. `BITS_POST` is the protocol's; `POST` with `X-HTTP-Method-Override` is for an HTTP door
 * that is reached without a gateway, since HTTP front ends refuse verbs that they do not know.
 */
export type Verb = "BITS_POST" | "POST";

/** Method and headers of a request, ready to send; the names in the spelling and the order that Windows uses. */
export interface PacketHead {
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Bytes of body that have to follow. */
  readonly contentLength: number;
}

/** [MC-BUP] 2.2.1.1: a name should not be longer. */
const CONTENT_NAME_CHARACTERS = 260;

/**
 * A packet → the head of its request, [MC-BUP] 2.2 and 4.1. `Host` and credentials are the sender's affair.
 *
 * @param contentName name of the local file, without its folder; servers do not use it ([MC-BUP] 6, note 11)
 */
export function formatPacketHead(packet: ClientPacket, verb: Verb, contentName: string): PacketHead {
  const contentLength = packet.type === "Fragment" ? lengthOf(packet.range) : 0;
  const headers: [string, string][] = [
    ["Accept", "*/*"],
    [HEADER.packetType, packet.type],
  ];
  if (packet.type === "Create-Session") headers.push([HEADER.supportedProtocols, BITS_UPLOAD_PROTOCOL]);
  if ("sessionId" in packet) headers.push([HEADER.sessionId, packet.sessionId]);
  if (packet.type !== "Ping") headers.push(["Content-Name", writeContentName(contentName)]);
  if (packet.type === "Fragment") headers.push([HEADER.contentRange, formatContentRange(packet.range)]);
  headers.push(["User-Agent", "bits-edge"], [HEADER.contentLength, String(contentLength)]);
  if (verb === "POST") headers.push([HEADER.methodOverride, BITS_POST]);
  return { method: verb === "POST" ? "POST" : BITS_POST, headers, contentLength };
}

/** A file's name as a header may carry it: what is not ASCII is percent-encoded, what Windows forbids becomes "_". */
function writeContentName(name: string): string {
  const allowed = name.toWellFormed().replace(/[\\/:*?"<>|]/g, "_");
  return allowed
    .replace(/[^\x20-\x7e]+/g, (letters) => encodeURIComponent(letters))
    .slice(0, CONTENT_NAME_CHARACTERS);
}
