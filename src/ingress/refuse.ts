import { formatHead } from "../http1/response-writer.ts";
import type { Refusal } from "../http1/refusals.ts";
import { TimeLeft } from "../runtime/time-left.ts";
import type { Wire } from "./wire.ts";

/**
 * For so long, and so many, the door takes a refused client's bytes, so that the client reads the answer and not a
 * reset.
 */
const LINGER_SECONDS = 2;
const LINGER_READS = 1_024;

/** Answers without the app and waits for nothing, so that the connection is free at once. */
export async function turnAway(wire: Wire, refusal: Refusal): Promise<void> {
  await wire.write(formatHead(refusal.status, [], { bytes: 0 }, true, new Date()));
  await wire.endWriting();
}

/** Answers without the app and says that nothing follows; `drain` first takes what is left of a body. */
export async function refuse(wire: Wire, refusal: Refusal, drain?: () => Promise<unknown>): Promise<void> {
  await turnAway(wire, refusal);
  await drain?.();
  await linger(wire);
}

/**
 * Takes what the client still sends, for a short while, until it closes. A socket that is closed with bytes unread
 * resets the connection, and the client's system then throws away the answer it had received (RFC 9112 section 9.6).
 */
export async function linger(wire: Wire): Promise<void> {
  const time = new TimeLeft(LINGER_SECONDS);
  try {
    for (let reads = 0; reads < LINGER_READS; reads++) {
      const waitSeconds = time.secondsLeft();
      if (waitSeconds === 0 || (await wire.read(waitSeconds)) === null) return;
    }
  } catch {
    // The client is gone, or was silent for too long.
  }
}
