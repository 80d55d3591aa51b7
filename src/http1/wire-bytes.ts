/** The bytes that HTTP/1.1's grammar names. */
export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const HTAB = 0x09;
export const COLON = 0x3a;
export const DEL = 0x7f;

const tokenBytes = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  tokenBytes[character.charCodeAt(0)] = 1;
}

/** Whether `byte` is a tchar, RFC 9110 section 5.6.2. */
export function isTokenByte(byte: number): boolean {
  return tokenBytes[byte] === 1;
}

/** Whether `byte` may stand in a field value: HTAB, SP, VCHAR or obs-text, RFC 9110 section 5.5. */
export function isFieldByte(byte: number): boolean {
  return byte >= SP ? byte !== DEL : byte === HTAB;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of `bytes`: UTF-8, as the runtime's own front end reads header values. If the bytes are not UTF-8, each byte is
 * one character, so that nothing is lost and nothing fails.
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
}
