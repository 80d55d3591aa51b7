import type { Field, Framing } from "./request-framing.ts";

/** A request's head, understood; its body follows on the wire as `body` says. */
export interface RequestHead extends Omit<Framing, "host"> {
  /** The verb on the wire. */
  readonly method: string;
  /** The request target as text, bytes from 0x80 percent-encoded. */
  readonly target: string;
  /** The absolute URL the request is for. */
  readonly url: string;
  /** The header fields in wire order and spelling; Host replaced where the target had an authority of its own. */
  readonly headers: readonly Field[];
  /** Whether the answer may be chunked; a body of unknown length ends with the connection otherwise (RFC 9112 section 6.3). */
  readonly canReadChunks: boolean;
}
