import { BG_E_SESSION_NOT_FOUND } from "./faults.ts";
import type { PacketType } from "./packet.ts";

/** What a Windows client does when it has read an Ack. */
export type Reaction =
  | "goes on"
  | "comes again" // the same packet, after its retry delay, for up to 14 days
  | "gives up" // of a Fragment the job fails; Close-Session is not sent again
  | "shows who it is" // the same packet with credentials
  | "sends less" // the same bytes, in smaller Fragments
  | "follows the offset" // it goes on at BITS-Received-Content-Range, as after 200
  | "starts over"; // Create-Session, and every byte again

/** A rule: which statuses, from and to, and what the client does. The first that fits counts. */
type Rule = readonly [from: number, to: number, reaction: Reaction];

/** For every packet: [MC-BUP] 3.1.5.2.1. */
const EVERY_PACKET: readonly Rule[] = [
  [200, 299, "goes on"],
  [401, 401, "shows who it is"],
  [407, 407, "shows who it is"],
];

/** Win32, "Handling Server Application Errors". That page says that every status that it leaves out is transient. */
const BY_CLASS: readonly Rule[] = [
  [300, 305, "gives up"],
  [307, 307, "gives up"],
  [408, 409, "comes again"],
  [400, 499, "gives up"],
  [501, 501, "gives up"],
  [505, 505, "gives up"],
  [0, 999, "comes again"],
];

/** [MC-BUP] 3.1.5.2.4 and 3.1.5.1.7. */
const FRAGMENT: readonly Rule[] = [
  [413, 413, "sends less"],
  [416, 416, "follows the offset"],
];

/** Win32, "Ack for Close-Session" and "Ack for Cancel-Session": 500 to 599 again, 100 to 499 never. */
const LAST_WORD: readonly Rule[] = [[100, 499, "gives up"]];

const RULES: { readonly [packet in PacketType]: readonly Rule[] } = {
  "Create-Session": [...EVERY_PACKET, ...BY_CLASS],
  Ping: [...EVERY_PACKET, ...BY_CLASS],
  Fragment: [...EVERY_PACKET, ...FRAGMENT, ...BY_CLASS],
  "Close-Session": [...EVERY_PACKET, ...LAST_WORD, ...BY_CLASS],
  "Cancel-Session": [...EVERY_PACKET, ...LAST_WORD, ...BY_CLASS],
};

/**
 * Says what a Windows client does next. `FAULTS` and `reflect` choose their statuses by it.
 *
 * @param packet the packet that was answered
 * @param status of the Ack, 100 to 599
 * @param hresult BITS-Error-Code of the Ack, null for none
 */
export function reactionTo(packet: PacketType, status: number, hresult: number | null): Reaction {
  // On any packet except Cancel-Session, [MC-BUP] 3.1.5.2.1; Win32 has it give up after Close-Session as well.
  if (hresult === BG_E_SESSION_NOT_FOUND) return packet === "Cancel-Session" ? "gives up" : "starts over";
  const rule = RULES[packet].find(([from, to]) => from <= status && status <= to);
  return rule?.[2] ?? "comes again";
}
