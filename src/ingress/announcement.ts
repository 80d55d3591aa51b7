import type { DoorLimits } from "./door-limits.ts";
import { ProxyHeaderReader } from "../http1/proxy-header.ts";
import { Refusal } from "../http1/refusals.ts";
import { log } from "../runtime/log.ts";
import { TimeLeft } from "../runtime/time-left.ts";
import { type Wire, WireTimeout } from "./wire.ts";

/** Whose connection it is. */
export interface Client {
  /** An IP address without its port; null where nobody knows it. */
  readonly address: string | null;
}

const TOO_LATE = new Refusal(408, "The header of the PROXY protocol did not arrive in time.");

/**
 * Whose connection this is: the peer's, or the client's whom the first bytes name, if the peer is a proxy that announces
 * its clients (haproxy.org, proxy-protocol.txt). The door answers nothing before the announcement, and the announcement is
 * never optional: otherwise a client behind a proxy that passes bytes on as they are could write one itself. If an
 * announcement is wrong, one line in the log says why.
 *
 * @returns the refusal where there is no sound header; null where the proxy left without a byte, as it does to see
 *   whether somebody listens
 */
export async function readAnnouncement(
  wire: Wire,
  peer: string,
  limits: DoorLimits,
): Promise<Client | Refusal | null> {
  if (!limits.isAnnounced(peer)) return { address: peer };
  const client = await readHeader(wire, peer, new TimeLeft(limits.proxyHeaderTimeoutSeconds));
  if (client instanceof Refusal) log("proxy-header-refused", { peer, reason: client.reason });
  return client;
}

async function readHeader(wire: Wire, peer: string, time: TimeLeft): Promise<Client | Refusal | null> {
  const reader = new ProxyHeaderReader();
  for (;;) {
    const bytes = await readInTime(wire, time);
    if (bytes === null || bytes instanceof Refusal) return bytes;
    const header = reader.push(bytes);
    if (header instanceof Refusal) return header;
    if (header === null) continue;
    wire.unread(header.rest);
    // An unknown client must not get the proxy's address, which may be in `allow_from` (docs/decisions/0019).
    return { address: header.of === "proxy" ? peer : header.of === "client" ? header.address : null };
  }
}

async function readInTime(wire: Wire, time: TimeLeft): Promise<Uint8Array | Refusal | null> {
  try {
    return await wire.read(time.secondsLeft());
  } catch (error) {
    if (error instanceof WireTimeout) return TOO_LATE;
    throw error;
  }
}
