/** What went wrong on the way to the server, before a whole answer was there. */
export type TransportTrouble =
  "name" | "refused" | "unreachable" | "timeout" | "lost" | "certificate" | "tls" | "garbage";

/** No answer: why, in a sentence. `certificate` alone does not pass by waiting. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly trouble: TransportTrouble;
  /** The system's or OpenSSL's code, such as ECONNREFUSED. */
  readonly code: string;

  constructor(trouble: TransportTrouble, code: string, message: string) {
    super(message);
    this.trouble = trouble;
    this.code = code;
  }
}

// prettier-ignore
const TROUBLES: { readonly [code: string]: readonly [TransportTrouble, string] } = {
  ENOTFOUND:           ["name",        "the name is not known"],
  EAI_AGAIN:           ["name",        "the name server does not answer"],
  ECONNREFUSED:        ["refused",     "nothing listens there"],
  EHOSTUNREACH:        ["unreachable", "no route to that host"],
  ENETUNREACH:         ["unreachable", "no route to that network"],
  EADDRNOTAVAIL:       ["unreachable", "this machine has no address or port left for it"],
  ETIMEDOUT:           ["timeout",     "no connection in time"],
  ECONNRESET:          ["lost",        "the connection broke"],
  EPIPE:               ["lost",        "the connection broke while sending"],
  ECONNABORTED:        ["lost",        "the connection broke"],
  EPROTO:              ["tls",         "TLS failed; is that port for plain HTTP?"],
  ERR_SSL_WRONG_VERSION_NUMBER:        ["tls", "that port does not speak TLS"],
  ERR_SSL_PACKET_LENGTH_TOO_LONG:      ["tls", "that port does not speak TLS"],
  CERT_HAS_EXPIRED:                    ["certificate", "the certificate has expired"],
  CERT_NOT_YET_VALID:                  ["certificate", "the certificate is not valid yet; is the clock right?"],
  CERT_REVOKED:                        ["certificate", "the certificate was revoked"],
  DEPTH_ZERO_SELF_SIGNED_CERT:         ["certificate", "the certificate is self-signed, and not trusted here"],
  SELF_SIGNED_CERT_IN_CHAIN:           ["certificate", "the certificate's authority is not trusted here"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:     ["certificate", "the chain is not complete, or its authority is not trusted here"],
  UNABLE_TO_GET_ISSUER_CERT:           ["certificate", "the chain is not complete"],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:   ["certificate", "the certificate's authority is not trusted here"],
  ERR_TLS_CERT_ALTNAME_INVALID:        ["certificate", "the certificate is for another name"],
};

/** Whatever Node's sockets, TLS or HTTP parser threw → our error. */
export function transportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const code = codeOf(error);
  const known = TROUBLES[code];
  if (known !== undefined) return new TransportError(known[0], code, known[1]);
  if (code.startsWith("HPE_")) return new TransportError("garbage", code, "what came back is not HTTP/1.1");
  if (code.startsWith("ERR_SSL_")) return new TransportError("tls", code, `TLS failed (${code})`);
  return new TransportError("lost", code, error instanceof Error ? error.message : String(error));
}

/** Node reports several addresses that failed as one AggregateError; the first of them tells as much. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && !("code" in error)) return codeOf(error.errors[0]);
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
