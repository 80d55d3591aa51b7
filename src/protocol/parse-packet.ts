import { lengthOf, parseContentRange } from "./content-range.ts";
import { type Fault, FAULTS } from "./faults.ts";
import { BITS_UPLOAD_PROTOCOL, HEADER } from "./headers.ts";
import { type Packet, type PacketHead, type PacketType, PACKET_TYPES } from "./packet.ts";
import { parseSessionId, type SessionId } from "./session-id.ts";

/** [MC-BUP] 2.2.1 and 6, note 2: Windows servers refuse header values over 4 KB. */
const MAXIMUM_VALUE_BYTES = 4096;
/** [MC-BUP] 6, note 6: Windows servers look at the first 100 protocols. */
const MAXIMUM_PROTOCOLS = 100;
/**
 * Fields that this edge reads and bounds, beside every one of BITS. Others are ignored ([MC-BUP] 2.2), however long they
 * are: credentials (a Kerberos ticket is often longer than 4 KB), and what gateways add, a client certificate in
 * X-ARR-ClientCert or X-Forwarded-Client-Cert. The doors bound the whole head.
 */
const READ = new Set(
  [
    HEADER.contentRange,
    HEADER.contentLength,
    HEADER.contentEncoding,
    HEADER.contentName,
    HEADER.transferEncoding,
    HEADER.reprDigest,
    HEADER.contentDigest,
    HEADER.methodOverride,
    "Host",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "CF-Connecting-IP",
  ].map((name) => name.toLowerCase()),
);
const OF_BITS = "bits-";

type Fields = ReadonlyMap<string, string>;

/**
 * Reads a packet from a request head. This is syntax only ([MC-BUP] 3.2.5.2.3): the directory, the session and the offset
 * are checked later. Header names and packet types compare without case (ruling 6, case and lists). The values of a
 * name that is sent twice are joined by commas, as HTTP does; where a single value is asked for, that is malformed.
 *
 * @returns the packet, or the first rule that it breaks
 */
export function parsePacket(head: PacketHead): Packet | Fault {
  const fields = new Map<string, string>();
  for (const [name, value] of head) {
    const key = name.toLowerCase();
    if (isBoundedField(key) && isTooLong(value)) return FAULTS.headerTooLong;
    const earlier = fields.get(key);
    fields.set(key, earlier === undefined ? value : `${earlier}, ${value}`);
  }

  const type = parsePacketType(field(fields, HEADER.packetType));
  if (type === null) return FAULTS.unknownPacketType;

  const contentLength = parseContentLength(fields, type);
  if (typeof contentLength !== "number") return contentLength;
  // Content-Length is 0 on every packet but Fragment, [MC-BUP] 2.2.2.1, 2.2.4.1, 2.2.8.1, 2.2.10.
  if (type !== "Fragment" && contentLength > 0) return FAULTS.bodyNotAllowed;

  return PARSERS[type](fields, contentLength);
}

/** Value of BITS-Packet-Type → the packet's type, in Windows's spelling; null for anything else. */
export function parsePacketType(text: string | null | undefined): PacketType | null {
  return TYPES_BY_NAME.get(text?.trim().toLowerCase() ?? "") ?? null;
}

const TYPES_BY_NAME = new Map(PACKET_TYPES.map((type) => [type.toLowerCase(), type]));

type Parser = (fields: Fields, contentLength: number) => Packet | Fault;

const PARSERS: { readonly [type in PacketType]: Parser } = {
  "Create-Session": (fields) => {
    const text = field(fields, HEADER.supportedProtocols);
    if (text === undefined) return FAULTS.protocolsMissing;
    // Delimiters: space or comma ([MC-BUP] 2.2.2.2; ruling 6, case and lists).
    const protocols = text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean)
      .slice(0, MAXIMUM_PROTOCOLS);
    return protocols.includes(BITS_UPLOAD_PROTOCOL) ? { type: "Create-Session" } : FAULTS.noCommonProtocol;
  },

  // Ping needs no session, and real clients send no id ([MC-BUP] 2.2.4; ruling 12, Ping, and a session's URL).
  Ping: () => ({ type: "Ping" }),

  Fragment: (fields, contentLength) => {
    const sessionId = parseSession(fields);
    if (sessionId === FAULTS.sessionIdMissing) return sessionId;
    const range = parseContentRange(field(fields, HEADER.contentRange)?.trim() ?? "");
    if (range === "invalid") return FAULTS.contentRangeInvalid;
    if (range !== "too large" && lengthOf(range) !== contentLength) return FAULTS.contentRangeMismatch;
    const encoding = field(fields, HEADER.contentEncoding)?.trim().toLowerCase() ?? "identity";
    if (encoding !== "identity") return FAULTS.contentEncodingUnknown;
    // The session, and what it can take, are checked after all syntax ([MC-BUP] 3.2.5.2.3).
    if (typeof sessionId !== "string") return sessionId;
    if (range === "too large") return FAULTS.uploadTooLarge;
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

/**
 * A Fragment says its length ([MC-BUP] 3.2.5.2.3 and 6, note 23). Another packet has no body if its head has neither
 * length field (RFC 9112 6.3; ruling 7, Content-Length): Go's proxies, Python's http.client and curl leave
 * `Content-Length: 0` out for verbs that they do not know.
 */
function parseContentLength(fields: Fields, type: PacketType): number | Fault {
  if (field(fields, HEADER.transferEncoding) !== undefined) return FAULTS.contentLengthMissing;
  const text = field(fields, HEADER.contentLength);
  if (text === undefined) return type === "Fragment" ? FAULTS.contentLengthMissing : 0;
  return /^\d{1,15}$/.test(text) ? Number(text) : FAULTS.contentLengthMissing;
}

/** Whether the values of a field, its name in lower case, may have 4,096 bytes at most (ruling 8, malformed heads). */
export function isBoundedField(name: string): boolean {
  return name.startsWith(OF_BITS) || READ.has(name);
}

/** Counts bytes as they are on the wire: characters beyond ASCII arrive as UTF-8. */
function isTooLong(value: string): boolean {
  if (value.length * 3 <= MAXIMUM_VALUE_BYTES) return false;
  const bytes = encodeURIComponent(value.toWellFormed()).replace(/%../g, "x").length;
  return bytes > MAXIMUM_VALUE_BYTES;
}

function field(fields: Fields, name: string): string | undefined {
  return fields.get(name.toLowerCase());
}
