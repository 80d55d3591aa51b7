import { issuedAtOf, type SessionId, sessionIdFromBytes, sessionIdToBytes } from "../protocol/session-id.ts";
import { COUNTER_BYTE, OBJECT_BYTE, type SessionPlace } from "./session-place.ts";
import { isSigned, sign } from "./signature.ts";

/**
 * Session ids that cannot be forged and that carry what Create-Session would have to store. The 16
 * bytes of the GUID are
 *
 *     0..3   time of issue, seconds since 1970
 *     4      random; if another object counts this session, which one
 *     5      where the session lives: 0 for an object of its own, 1 to 255 for one of those that sessions share
 *     6..8   random
 *     9..15  the first 7 bytes of HMAC-SHA-256(key, bytes 0..8, destination)
 *
 * so an id is good for one destination URL only (ruling 12, Ping, and a session's URL), a made-up id is refused without
 * waking an object, and a flood of Create-Session stores nothing. docs/decisions/0002 has the argument.
 */
export interface Ticket {
  readonly sessionId: SessionId;
  /** When the session was created, milliseconds since 1970, to the second. */
  readonly issuedAt: number;
}

const CLEAR_BYTES = 9;

/**
 * @param destination path and query of the request, as the client wrote them
 * @param now milliseconds since 1970
 * @param place where the session lives and is counted
 */
export async function issueTicket(
  key: string,
  destination: string,
  now: number,
  { object, counter }: SessionPlace,
): Promise<Ticket> {
  const bytes = new Uint8Array(16);
  crypto.getRandomValues(bytes.subarray(COUNTER_BYTE, CLEAR_BYTES));
  if (counter !== null) bytes[COUNTER_BYTE] = counter;
  bytes[OBJECT_BYTE] = object;
  const issuedAtSeconds = Math.floor(now / 1000);
  new DataView(bytes.buffer).setUint32(0, issuedAtSeconds);
  bytes.set(await sign(key, messageOf(bytes, destination), 16 - CLEAR_BYTES), CLEAR_BYTES);
  return { sessionId: sessionIdFromBytes(bytes), issuedAt: issuedAtSeconds * 1000 };
}

/** The ticket behind an id, or null where none of `keys` issued it for `destination`. */
export async function verifyTicket(
  keys: readonly string[],
  sessionId: SessionId,
  destination: string,
): Promise<Ticket | null> {
  const name = `${sessionId} ${destination}`;
  const known = verified.get(name);
  if (known !== undefined && known.keys === keys) return known.ticket;
  const bytes = sessionIdToBytes(sessionId);
  const isOurs = await isSigned(keys, messageOf(bytes, destination), bytes.subarray(CLEAR_BYTES));
  if (!isOurs) return null;
  const ticket = { sessionId, issuedAt: issuedAtOf(sessionId) };
  if (verified.size >= VERIFIED_TICKETS) verified.delete(verified.keys().next().value ?? "");
  verified.set(name, { keys, ticket });
  return ticket;
}

/** Good ids that this isolate has seen, oldest first: a session's second packet costs no HMAC. */
const verified = new Map<string, { readonly keys: readonly string[]; readonly ticket: Ticket }>();
const VERIFIED_TICKETS = 2000;

function messageOf(id: Uint8Array, destination: string): Uint8Array {
  const text = new TextEncoder().encode(destination);
  const message = new Uint8Array(CLEAR_BYTES + text.length);
  message.set(id.subarray(0, CLEAR_BYTES));
  message.set(text, CLEAR_BYTES);
  return message;
}
