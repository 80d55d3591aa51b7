import { formatVia } from "../http1/via.ts";
import { formatContentRange } from "../protocol/content-range.ts";
import { BITS_UPLOAD_PROTOCOL, HEADER } from "../protocol/headers.ts";
import type { PacketType } from "../protocol/packet.ts";

/** Who asks: of the fields of a commit's request those that are not about its body. */
const OF_THE_ASKER = ["Authorization", "User-Agent", "X-Forwarded-For"];

/** The fields that each packet of a hand-over has ([MC-BUP] 2.2.1). */
export function askerFields(given: ReadonlyMap<string, string>): Map<string, string> {
  const fields = new Map([["Via", formatVia(null)]]);
  for (const name of OF_THE_ASKER) {
    const value = given.get(name);
    if (value !== undefined) fields.set(name, value);
  }
  return fields;
}

/** [MC-BUP] 2.2.2; the digest lets an edge that is the origin look at the whole (RFC 9530). */
export function createSessionFields(digest: string | undefined): Map<string, string> {
  const fields = packetFields("Create-Session");
  fields.set(HEADER.supportedProtocols, BITS_UPLOAD_PROTOCOL);
  if (digest !== undefined) fields.set(HEADER.reprDigest, digest);
  return fields;
}

/** [MC-BUP] 2.2.4: asks whether the server is there, and by the server's own means who is asking. */
export function pingFields(): Map<string, string> {
  return packetFields("Ping");
}

/** [MC-BUP] 2.2.6; an empty upload is `bytes 0--1/0` (ruling 11, empty uploads). */
export function fragmentFields(
  sessionId: string,
  first: number,
  end: number,
  total: number,
): Map<string, string> {
  const fields = packetFields("Fragment", sessionId);
  fields.set(HEADER.contentRange, formatContentRange({ first, last: end - 1, total }));
  return fields;
}

/** [MC-BUP] 2.2.8. */
export function closeSessionFields(sessionId: string): Map<string, string> {
  return packetFields("Close-Session", sessionId);
}

function packetFields(type: PacketType, sessionId?: string): Map<string, string> {
  const fields = new Map<string, string>([[HEADER.packetType, type]]);
  if (sessionId !== undefined) fields.set(HEADER.sessionId, sessionId);
  return fields;
}
