import type { ContentRange } from "./content-range.ts";
import type { SessionId } from "./session-id.ts";

/** The packets that a client sends ([MC-BUP] 2.2.2 to 2.2.10), spelt as Windows spells them. */
export const PACKET_TYPES = [
  "Create-Session",
  "Ping",
  "Fragment",
  "Close-Session",
  "Cancel-Session",
] as const;
/** One of them. */
export type PacketType = (typeof PACKET_TYPES)[number];

/** A packet, from a request head that keeps every rule of its type. */
export type Packet =
  | { readonly type: "Create-Session" }
  | { readonly type: "Ping" }
  | {
      readonly type: "Fragment";
      readonly sessionId: SessionId;
      readonly range: ContentRange;
      /** Bytes of body that follow the head: the length of `range`, 0 for an empty entity. */
      readonly contentLength: number;
    }
  | { readonly type: "Close-Session"; readonly sessionId: SessionId }
  | { readonly type: "Cancel-Session"; readonly sessionId: SessionId };

/** The fields of a request head, in wire order, names in any case: a packet is parsed from them. */
export type PacketHead = Iterable<readonly [name: string, value: string]>;
