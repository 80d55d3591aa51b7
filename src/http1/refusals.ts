/** Why the door refuses a request: the status of its response, after which it closes the connection, and the reason in a sentence. */
export class Refusal {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string) {
    this.status = status;
    this.reason = reason;
  }
}

/**
 * Everything the reader refuses. A message that could be read in two ways is refused and never repaired: whoever
 * stands in front of the door or behind it may have read it the other way (RFC 9112 section 11.2).
 */
export const REFUSALS = {
  /* Bytes, RFC 9112 sections 2.2 and 5.5 */
  bareCarriageReturn: new Refusal(400, "A carriage return is not followed by a line feed."),
  bareLineFeed: new Refusal(400, "A line feed is not preceded by a carriage return."),
  controlByte: new Refusal(400, "The head contains a control byte."),
  emptyLines: new Refusal(400, "More than one empty line precedes the request line."),

  /* Request line, RFC 9112 section 3 */
  requestLine: new Refusal(400, "The request line is not: method SP request-target SP HTTP-version."),
  version: new Refusal(
    505,
    "Only HTTP/1.1 is spoken here ([MC-BUP] section 2.2.1 demands it), and HTTP/1.0 by what only looks.",
  ),
  method: new Refusal(501, "The runtime cannot express this method."),
  targetBytes: new Refusal(400, "The request target contains a byte that a URI cannot contain."),
  targetForm: new Refusal(400, "The request target's form does not belong to this method."),
  targetLength: new Refusal(414, "The request target is too long."),

  /* Header section, RFC 9112 section 5 */
  headLength: new Refusal(431, "The request line and header section are too large."),
  fieldCount: new Refusal(431, "There are too many header fields."),
  folding: new Refusal(400, "A header line begins with whitespace (obsolete line folding)."),
  fieldName: new Refusal(400, "A header field's name is not a token followed directly by a colon."),

  /* Host, RFC 9112 section 3.2 */
  hostCount: new Refusal(400, "There is not exactly one Host field."),
  host: new Refusal(400, "The Host field or the target's authority is not a host with an optional port."),

  /* Framing, RFC 9112 section 6 */
  lengthAndCoding: new Refusal(400, "Content-Length and Transfer-Encoding are both present."),
  lengthCount: new Refusal(400, "There is more than one Content-Length."),
  length: new Refusal(400, "Content-Length is not a number of bytes."),
  coding: new Refusal(400, "The transfer coding is not a single, final chunked."),
  contentForbidden: new Refusal(400, "GET and HEAD with content are not taken (RFC 9110 section 9.3.1)."),
  expectation: new Refusal(417, "The only expectation known is 100-continue."),

  /* Chunked bodies, RFC 9112 section 7.1 */
  chunkSize: new Refusal(400, "A chunk size is not one to sixteen hexadecimal digits, at most 2^53 - 1."),
  chunkExtension: new Refusal(400, "Chunk extensions are too long or contain a control byte."),
  chunkEnd: new Refusal(400, "A chunk's data is not followed by CRLF."),
  trailer: new Refusal(400, "The trailer section is malformed or too large."),

  /* What a proxy says before its client does, haproxy.org's proxy-protocol.txt */
  proxyHeader: new Refusal(400, "The connection does not begin with a header of the PROXY protocol."),
  proxyLine: new Refusal(
    400,
    "The PROXY line is not: PROXY TCP4 or TCP6, two addresses, two ports, CRLF; in 107 bytes.",
  ),
  proxyBinary: new Refusal(
    400,
    "The PROXY header of version 2 has a command, a family, a length or a checksum that is wrong.",
  ),
} as const satisfies Record<string, Refusal>;
