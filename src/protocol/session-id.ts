/** A session id in its one canonical spelling: upper-case, with hyphens, without braces. */
export type SessionId = string & { readonly __brand: "SessionId" };

const GUID = /^(\{?)([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(\}?)$/i;

/**
 * Reads a BITS-Session-Id header. Braces and case are free (ruling 3, session ids).
 *
 * @returns the id; null if it is no GUID. Null is an unknown session, not a malformed packet: a client that still holds
 *   an id of another BITS server has to start over
 */
export function parseSessionId(text: string): SessionId | null {
  const match = GUID.exec(text.trim());
  if (match === null || (match[1] === "{") !== (match[3] === "}")) return null;
  return match[2]?.toUpperCase() as SessionId;
}

/** The id as IIS writes it, `{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}`. */
export function formatSessionId(id: SessionId): string {
  return `{${id}}`;
}

/** 16 bytes → the id whose hexadecimal digits they are, in order. */
export function sessionIdFromBytes(bytes: Uint8Array): SessionId {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5").toUpperCase() as SessionId;
}

/** The 16 bytes that `sessionIdFromBytes` was given. */
export function sessionIdToBytes(id: SessionId): Uint8Array<ArrayBuffer> {
  const hex = id.replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16),
  );
}

/** When the edge issued an id of its own, milliseconds since 1970, to the second: the first four bytes say it. */
export function issuedAtOf(id: SessionId): number {
  return Number.parseInt(id.slice(0, 8), 16) * 1000;
}
