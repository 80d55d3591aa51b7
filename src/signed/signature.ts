/**
 * Signs `message` with HMAC-SHA-256 under `key` and cuts the result to its first `bytes` bytes. The signature proves that
 * the edge itself issued a session id or a URL. The key is the secret SESSION_KEY.
 */
export async function sign(key: string, message: Uint8Array, bytes: number): Promise<Uint8Array> {
  const hmac = await crypto.subtle.sign("HMAC", await importKey(key), message);
  return new Uint8Array(hmac, 0, bytes);
}

/** Whether any of `keys` signed `message`. It compares in constant time, so that nobody can guess byte by byte. */
export async function isSigned(
  keys: readonly string[],
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  for (const key of keys) {
    const expected = await sign(key, message, signature.byteLength);
    if (crypto.subtle.timingSafeEqual(expected, signature)) return true;
  }
  return false;
}

const imported = new Map<string, Promise<CryptoKey>>();

/** Imports each key once an isolate; the configuration has two at most. */
function importKey(key: string): Promise<CryptoKey> {
  let pending = imported.get(key);
  if (pending === undefined) {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    pending = crypto.subtle.importKey("raw", new TextEncoder().encode(key), algorithm, false, ["sign"]);
    imported.set(key, pending);
  }
  return pending;
}
