/**
 * Every header name that the edge uses, as it travels on the wire. [MC-BUP] 2.2.1; notification headers 2.2.12 and
 * 2.2.13, spelt as in the captures (ruling 24, notification headers).
 */
export const HEADER = {
  packetType: "BITS-Packet-Type",
  sessionId: "BITS-Session-Id",
  supportedProtocols: "BITS-Supported-Protocols",
  protocol: "BITS-Protocol",
  receivedContentRange: "BITS-Received-Content-Range",
  /** The error header by Win32's name. */
  errorCode: "BITS-Error-Code",
  /** The error header by the specification's name, which Windows Server 2003 sent. Acks have both (ruling 2, error headers). */
  error: "BITS-Error",
  errorContext: "BITS-Error-Context",
  replyUrl: "BITS-Reply-URL",
  hostId: "BITS-Host-Id",
  hostIdFallbackTimeout: "BITS-Host-Id-Fallback-Timeout",
  originalRequestUrl: "BITS-Original-Request-URL",
  requestDataFileName: "BITS-Request-DataFile-Name",
  responseDataFileName: "BITS-Response-DataFile-Name",
  staticResponseUrl: "BITS-Static-Response-URL",
  copyFileToDestination: "BITS-Copy-File-To-Destination",
  /** The file's name without its path ([MC-BUP] 2.2.1.1); nobody uses it. */
  contentName: "Content-Name",
  contentRange: "Content-Range",
  contentLength: "Content-Length",
  contentEncoding: "Content-Encoding",
  transferEncoding: "Transfer-Encoding",
  acceptEncoding: "Accept-Encoding",
  pragma: "Pragma",
  connection: "Connection",
  wwwAuthenticate: "WWW-Authenticate",
  /** RFC 9530: the digest of the whole entity, and of one message's content. */
  reprDigest: "Repr-Digest",
  contentDigest: "Content-Digest",
  idempotencyKey: "Idempotency-Key",
  methodOverride: "X-HTTP-Method-Override",
} as const;

/** The extension verb of every packet, [MC-BUP] 2.2.1. */
export const BITS_POST = "BITS_POST";

/** The one upload protocol that is defined, [MC-BUP] 1.7.1, spelt as IIS sends it. */
export const BITS_UPLOAD_PROTOCOL = "{7df0354d-249b-430f-820d-3d2a9bef4931}";
