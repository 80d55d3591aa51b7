import { lengthOf, parseContentRange } from "./content-range.ts";
import { type Fault, FAULTS } from "./faults.ts";
import { BITS_UPLOAD_PROTOCOL, HEADER } from "./headers.ts";
import { type Packet, type PacketHead, type PacketType, PACKET_TYPES } from "./packet.ts";
import { parseSessionId, type SessionId } from "./session-id.ts";

/** [MC-BUP] 2.2.1 and 6, note 2: Windows servers refuse header values over 4 KB. */
const MAXIMUM_VALUE_BYTES = 4096;
/** [MC-BUP] 6, note 6: Windows servers look at the first 100 protocols. */
const MAXIMUM_PROTOCOLS = 100;
/** Credentials are HTTP's, not the protocol's: a Kerberos ticket alone is often longer than 4 KB. */
const CREDENTIALS = new Set(["authorization", "proxy-authorization", "cookie"]);

type Fields = ReadonlyMap<string, string>;

/**
 * Reads a packet from a request head: syntax only, [MC-BUP] 3.2.5.2.3; whether the directory, the
 * session and the offset allow it is decided later. Header names and packet types compare without
 * case (ruling 6). A name that is sent twice has its values joined by commas, as HTTP does, and is
 * malformed wherever a single value is asked for.
 */
export function parsePacket(head: PacketHead): Packet | Fault {
  const fields = new Map<string, string>();
  for (const [name, value] of head) {
    const key = name.toLowerCase();
    if (isTooLong(value) && !CREDENTIALS.has(key)) return FAULTS.headerTooLong;
    const earlier = fields.get(key);
    fields.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
  }

  const type = parsePacketType(field(fields, HEADER.packetType));
  if (type === null) return FAULTS.unknownPacketType;

  const contentLength = parseContentLength(fields);
  if (typeof contentLength !== "number") return contentLength;
  // Content-Length is 0 on every packet but Fragment, [MC-BUP] 2.2.2.1, 2.2.4.1, 2.2.8.1, 2.2.10.
  if (type !== "Fragment" && contentLength > 0) return FAULTS.bodyNotAllowed;

  return PARSERS[type](fields, contentLength);
}

/** Value of BITS-Packet-Type → the packet's type, in Windows' spelling; null for anything else. */
export function parsePacketType(text: string | null | undefined): PacketType | null {
  return TYPES_BY_NAME.get(text?.trim().toLowerCase() ?? "") ?? null;
}

const TYPES_BY_NAME = new Map(PACKET_TYPES.map((type) => [type.toLowerCase(), type]));

type Parser = (fields: Fields, contentLength: number) => Packet | Fault;

const PARSERS: { readonly [type in PacketType]: Parser } = {
  "Create-Session": (fields) => {
    const text = field(fields, HEADER.supportedProtocols);
    if (text === undefined) return FAULTS.protocolsMissing;
    // Delimiters: space or comma, [MC-BUP] 2.2.2.2 and ruling 6.
    const protocols = text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean)
      .slice(0, MAXIMUM_PROTOCOLS);
    return protocols.includes(BITS_UPLOAD_PROTOCOL) ? { type: "Create-Session" } : FAULTS.noCommonProtocol;
  },

  // Needs no session, and real clients send no id, [MC-BUP] 2.2.4 and ruling 12.
  Ping: () => ({ type: "Ping" }),

  Fragment: (fields, contentLength) => {
    const sessionId = parseSession(fields);
    if (typeof sessionId !== "string") return sessionId;
    const range = parseContentRange(field(fields, HEADER.contentRange)?.trim() ?? "");
    if (range === "too large") return FAULTS.uploadTooLarge;
    if (range === "invalid") return FAULTS.contentRangeInvalid;
    if (lengthOf(range) !== contentLength) return FAULTS.contentRangeMismatch;
    const encoding = field(fields, HEADER.contentEncoding)?.trim().toLowerCase() ?? "identity";
    if (encoding !== "identity") return FAULTS.contentEncodingUnknown;
    return { type: "Fragment", sessionId, range, contentLength };
  },

  "Close-Session": (fields) => ofSession("Close-Session", fields),
  "Cancel-Session": (fields) => ofSession("Cancel-Session", fields),
};

function ofSession(type: "Close-Session" | "Cancel-Session", fields: Fields): Packet | Fault {
  const sessionId = parseSession(fields);
  return typeof sessionId === "string" ? { type, sessionId } : sessionId;
}

function parseSession(fields: Fields): SessionId | Fault {
  const text = field(fields, HEADER.sessionId);
  if (text === undefined) return FAULTS.sessionIdMissing;
  return parseSessionId(text) ?? FAULTS.sessionUnknown;
}

function parseContentLength(fields: Fields): number | Fault {
  const text = field(fields, HEADER.contentLength);
  if (text === undefined || field(fields, HEADER.transferEncoding) !== undefined)
    return FAULTS.contentLengthMissing;
  return /^\d{1,15}$/.test(text) ? Number(text) : FAULTS.contentLengthMissing;
}

/** Counts bytes on the wire: what is no ASCII arrives there as UTF-8. */
function isTooLong(value: string): boolean {
  if (value.length * 3 <= MAXIMUM_VALUE_BYTES) return false;
  const bytes = encodeURIComponent(value.toWellFormed()).replace(/%../g, "x").length;
  return bytes > MAXIMUM_VALUE_BYTES;
}

function field(fields: Fields, name: string): string | undefined {
  return fields.get(name.toLowerCase());
}
