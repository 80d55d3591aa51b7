import { parseDigestField } from "../http1/digest-field.ts";
import { HEADER } from "../protocol/headers.ts";

/** Checks the bytes of one Fragment against the Content-Digest that its client sent (RFC 9530 2). */
export interface ContentCheck {
  /** Resolves when `bytes` are digested, so that their buffer may be used again. */
  readonly append: (bytes: Uint8Array) => Promise<void>;
  /** Whether the appended bytes have the announced digest. */
  isRight(): Promise<boolean>;
}

/** Null if the Fragment announces no digest that we can check: unknown algorithms are ignored (RFC 9530 2). */
export function contentCheck(headers: Headers): ContentCheck | null {
  const field = headers.get(HEADER.contentDigest);
  if (field === null) return null;
  const digests = parseDigestField(field);
  const digest = digests === "invalid" ? undefined : digests[0];
  if (digest === undefined) return null;
  const stream = new crypto.DigestStream(digest.algorithm.toUpperCase());
  const writer = stream.getWriter();
  return {
    append: async (bytes) => await writer.write(bytes),
    async isRight() {
      await writer.close();
      const found = btoa(String.fromCharCode(...new Uint8Array(await stream.digest)));
      return found === digest.value;
    },
  };
}

/** SHA-256 of the whole entity, if the client announced it; other algorithms are ignored (RFC 9530 3). */
export function expectedDigestOf(headers: Headers): string | null {
  const field = headers.get(HEADER.reprDigest);
  if (field === null) return null;
  const digests = parseDigestField(field);
  if (digests === "invalid") return null;
  return digests.find(({ algorithm }) => algorithm === "sha-256")?.value ?? null;
}
