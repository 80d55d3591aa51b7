import { type SessionId, sessionIdFromBytes, sessionIdToBytes } from "../protocol/session-id.ts";

/**
 * Session ids that cannot be forged and that carry what Create-Session would have to store. The 16
 * bytes of the GUID are
 *
 *     0..3   time of issue, seconds since 1970
 *     4..8   random
 *     9..15  the first 7 bytes of HMAC-SHA-256(key, bytes 0..8, destination)
 *
 * so an id is good for one destination URL only (ruling 12), a made-up id is refused without waking
 * an object, and a flood of Create-Session stores nothing. docs/decisions/0002 has the argument.
 */
export interface Ticket {
  readonly sessionId: SessionId;
  /** When the session was created, milliseconds since 1970, to the second. */
  readonly issuedAt: number;
}

const CLEAR_BYTES = 9;

/** @param destination path and query of the request, as the client wrote them */
export async function issueTicket(key: string, destination: string, now: number): Promise<Ticket> {
  const bytes = new Uint8Array(16);
  crypto.getRandomValues(bytes.subarray(4, CLEAR_BYTES));
  const issuedAtSeconds = Math.floor(now / 1000);
  new DataView(bytes.buffer).setUint32(0, issuedAtSeconds);
  bytes.set(await checkOf(key, bytes.subarray(0, CLEAR_BYTES), destination), CLEAR_BYTES);
  return { sessionId: sessionIdFromBytes(bytes), issuedAt: issuedAtSeconds * 1000 };
}

/** The ticket behind an id, or null where none of `keys` issued it for `destination`. */
export async function verifyTicket(
  keys: readonly string[],
  sessionId: SessionId,
  destination: string,
): Promise<Ticket | null> {
  const bytes = sessionIdToBytes(sessionId);
  const clear = bytes.subarray(0, CLEAR_BYTES);
  for (const key of keys) {
    const expected = await checkOf(key, clear, destination);
    // Constant time, so that a guess can not be bettered byte by byte.
    if (crypto.subtle.timingSafeEqual(expected, bytes.subarray(CLEAR_BYTES))) {
      return { sessionId, issuedAt: new DataView(bytes.buffer).getUint32(0) * 1000 };
    }
  }
  return null;
}

const imported = new Map<string, Promise<CryptoKey>>();

async function checkOf(key: string, clear: Uint8Array, destination: string): Promise<Uint8Array> {
  const text = new TextEncoder().encode(destination);
  const message = new Uint8Array(clear.length + text.length);
  message.set(clear);
  message.set(text, clear.length);
  const hmac = await crypto.subtle.sign("HMAC", await importKey(key), message);
  return new Uint8Array(hmac, 0, 16 - CLEAR_BYTES);
}

/** Once for each key and isolate; the configuration has two at most. */
function importKey(key: string): Promise<CryptoKey> {
  let pending = imported.get(key);
  if (pending === undefined) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    pending = crypto.subtle.importKey("raw", new TextEncoder().encode(key), algorithm, false, ["sign"]);
    imported.set(key, pending);
  }
  return pending;
}
