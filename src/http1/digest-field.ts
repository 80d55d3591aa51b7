/** The algorithms of RFC 9530 5 that are not broken. */
type DigestAlgorithm = "sha-256" | "sha-512";

export interface Digest {
  readonly algorithm: DigestAlgorithm;
  /** Base64, as in the field. */
  readonly value: string;
}

const LENGTHS: { readonly [algorithm in DigestAlgorithm]: number } = { "sha-256": 44, "sha-512": 88 };

/**
 * Value of a Repr-Digest or Content-Digest field → the digests in it that we can check. Other algorithms are ignored
 * (RFC 9530 2 and 3), so the list may be empty; "invalid" if the field is no dictionary of byte sequences (RFC 8941 3.2).
 */
export function parseDigestField(text: string): readonly Digest[] | "invalid" {
  const digests: Digest[] = [];
  for (const member of text.split(",")) {
    const [, algorithm = "", value = ""] =
      /^\s*([a-z][a-z0-9_*.-]*)=:([A-Za-z0-9+/]*={0,2}):\s*$/.exec(member) ?? [];
    if (algorithm === "") return "invalid";
    if (!isKnown(algorithm)) continue;
    if (value.length !== LENGTHS[algorithm]) return "invalid";
    digests.push({ algorithm, value });
  }
  return digests;
}

function isKnown(algorithm: string): algorithm is DigestAlgorithm {
  return algorithm in LENGTHS;
}
