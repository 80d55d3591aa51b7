import type { ResponseHead } from "../http1/response-framing.ts";
import type { Silence } from "../protocol/reflect.ts";
import type { log } from "../runtime/log.ts";
import type { OriginPacket } from "./bits-exchange.ts";
import type { Found } from "./read-back.ts";

/** The way to an origin that has a BITS server of its own, and who hears of it. */
export interface BitsWay {
  /**
   * Sends a packet and takes its Ack.
   *
   * @throws LineBroken
   */
  exchange(packet: OriginPacket): Promise<ResponseHead>;
  /** What is at the destination, against the upload. */
  readBack(): Promise<Found>;
  readonly log: typeof log;
}

/** The way to the origin broke, and no Ack came. */
export class LineBroken extends Error {
  readonly why: Silence;

  constructor(why: Silence) {
    super(why);
    this.why = why;
  }
}
