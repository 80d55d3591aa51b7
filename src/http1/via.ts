/** The edge's pseudonym. Its host name would tell an origin nothing, and the edge does not always know it. */
const VIA_NAME = "bits-edge";

/** One element of ours: received-protocol RWS received-by [ RWS comment ] (RFC 9110 section 7.6.3). */
const OURS = new RegExp(`(?:^|,)[ \\t]*(?:[a-z]+/)?\\d(?:\\.\\d)?[ \\t]+${VIA_NAME}(?=[ \\t,(]|$)`, "gi");

/**
 * The `Via` of a message that the edge sends on, or makes because of one (RFC 9110 section 7.6.3: a gateway MUST, on
 * requests). Both doors speak HTTP/1.1.
 *
 * @param received the message's own `Via`; null if it had none
 */
export function formatVia(received: string | null): string {
  const own = `1.1 ${VIA_NAME}`;
  return received === null || received.trim() === "" ? own : `${received}, ${own}`;
}

/**
 * How many edges a message has passed already, by its `Via`. If they are more than anybody sets up in a row, the message
 * goes in a circle (RFC 9110 section 7.6.3, "request loops").
 */
export function countPasses(received: string | null): number {
  return received?.match(OURS)?.length ?? 0;
}
