import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import { once } from "node:events";
import { routeTo } from "../bits-client/route.ts";
import { transportError, type TransportError } from "../bits-client/transport-error.ts";
import { bad, doubtful, type Finding, good } from "./finding.ts";

/** Windows waits longer; a server that needs 5 s for a connection is lost to most. */
const CONNECT_MILLISECONDS = 5_000;

/** Looks the name up, and opens a connection to each of its addresses. A way that is closed ends the examination. */
export async function examineWayIn(url: URL, signal: AbortSignal): Promise<Finding[]> {
  const { hostname, port } = routeTo(url, {});
  const addresses = await addressesOf(hostname);
  if (!Array.isArray(addresses)) {
    const says = `${hostname}: ${addresses.message}`;
    const advice =
      "Look for a typing mistake; else make the DNS record, and ask the name server that clients ask.";
    return [bad("name", says, "No client finds the server.", advice)];
  }
  const named = good(
    "name",
    isIP(hostname) > 0 ? `${hostname} is an address` : `${hostname} is ${addresses.join(", ")}`,
  );
  const tries = await Promise.all(addresses.map(async (address) => await tryAddress(address, port, signal)));
  return [named, judge(tries, port)];
}

/** Whether the way to the server is open, as far as these findings say. */
export function isOpen(findings: readonly Finding[]): boolean {
  return findings.every(({ mark }) => mark !== "bad");
}

async function addressesOf(hostname: string): Promise<string[] | TransportError> {
  if (isIP(hostname) > 0) return [hostname];
  try {
    const found = await lookup(hostname, { all: true });
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    return transportError(error);
  }
}

interface Try {
  readonly address: string;
  readonly milliseconds: number;
  readonly trouble: TransportError | null;
}

async function tryAddress(address: string, port: number, signal: AbortSignal): Promise<Try> {
  const startedAt = performance.now();
  const socket = connect({ host: address, port });
  const late = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MILLISECONDS)]);
  try {
    await once(socket, "connect", { signal: late });
    return { address, milliseconds: performance.now() - startedAt, trouble: null };
  } catch (error) {
    signal.throwIfAborted();
    const isLate = late.aborted;
    const cause = isLate ? Object.assign(new Error("late"), { code: "ETIMEDOUT" }) : error;
    return { address, milliseconds: performance.now() - startedAt, trouble: transportError(cause) };
  } finally {
    socket.destroy();
  }
}

function judge(tries: readonly Try[], port: number): Finding {
  const failed = tries.filter(({ trouble }) => trouble !== null);
  const says = failed
    .map(({ address, trouble }) => `${address} port ${port}: ${trouble?.message ?? ""}`)
    .join("; ");
  if (failed.length === 0) {
    const times = tries.map(({ milliseconds }) => `${Math.round(milliseconds)} ms`).join(", ");
    return good("connection", `port ${port} takes connections (${times})`);
  }
  const isSilent = failed.some(({ trouble }) => trouble?.trouble === "timeout");
  const advice = isSilent
    ? "Something drops the packets: look at firewalls and security groups, for this port and from this place."
    : "Start what should listen there, or let it listen for other machines too: *:port and not 127.0.0.1:port.";
  if (failed.length === tries.length) return bad("connection", says, "No client gets a connection.", advice);
  return doubtful("connection", says, "Clients that take this address of several wait or fail.", advice);
}
