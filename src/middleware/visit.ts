import type { CanonicalTarget } from "../config/canonical-path.ts";
import { type Config, directoryOf, type UploadDirectory } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { Arrival } from "../ingress/arrival.ts";
import { type Fault, isFault } from "../protocol/faults.ts";
import { HEADER } from "../protocol/headers.ts";
import type { Packet, PacketType } from "../protocol/packet.ts";
import { parsePacket, parsePacketType } from "../protocol/parse-packet.ts";
import { parseSessionId, type SessionId } from "../protocol/session-id.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import { type Sender, senderOf } from "../proxy/sender.ts";
import type { Ticket } from "../signed/session-ticket.ts";
import { expectedDigestOf } from "./content-check.ts";

/** The bindings through which packets reach objects and limits. */
export type Bindings = Pick<Env, "UPLOAD_SESSIONS" | "SESSION_COUNTERS" | "CREATE_SESSION_LIMIT">;

/** One packet at the edge: every fact about it, derived once for the answer, the log and the Ack. */
export interface Visit {
  readonly request: Request;
  readonly arrival: Arrival;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** What the head says, or the first rule of syntax that it breaks. */
  readonly packet: Packet | Fault;
  /** The type that the head names, also where the packet is malformed; null where it names none. */
  readonly type: PacketType | null;
  /** The session that the head names, whether it exists or not; null where it names none. */
  readonly sessionId: SessionId | null;
  readonly sender: Sender;
  /** Path of the destination URL: its canonical form, or the path as it came if there is none. */
  readonly path: string;
  /** Canonical path and query of the destination URL; null where it could be read in two ways (ruling 27, one canonical path). */
  readonly destination: string | null;
  /** The configuration, or why it cannot be read. */
  readonly config: Config | Error;
  /**
   * The directory that serves the destination, enabled or not; null if none does, or if the configuration cannot be
   * read.
   */
  readonly directory: UploadDirectory | null;
  readonly bindings: Bindings;
}

/** The visit of a packet that an enabled directory serves. */
export interface ServedVisit extends Visit {
  readonly config: Config;
  readonly directory: UploadDirectory;
  readonly destination: string;
}

/**
 * Derives all that is known of a packet before anything is asked.
 *
 * @param config if it is an error, no gateway is believed about who the client is
 */
export function beginVisit(
  request: Request,
  arrival: Arrival,
  target: CanonicalTarget | null,
  config: Config | Error,
  bindings: Bindings,
): Visit {
  const isRead = !(config instanceof Error);
  const packet = parsePacket(request.headers);
  return {
    request,
    arrival,
    startedAt: Date.now(),
    packet,
    type: isFault(packet) ? parsePacketType(request.headers.get(HEADER.packetType)) : packet.type,
    sessionId: parseSessionId(request.headers.get(HEADER.sessionId) ?? ""),
    sender: senderOf(request, arrival, isRead ? config.trustedProxies : []),
    path: target?.path ?? arrival.target.replace(/[?#].*/s, ""),
    destination: target === null ? null : target.path + target.search,
    config,
    directory: isRead && target !== null ? directoryOf(config, target.path) : null,
    bindings,
  };
}

/** Whether an enabled directory serves the destination; false also where the configuration cannot be read. */
export function isServed(visit: Visit): visit is ServedVisit {
  return visit.directory?.enabled === true && visit.destination !== null;
}

/** What a session is told of the packet that concerns it. */
export function toSessionPacket(
  { request, sender, destination }: ServedVisit,
  ticket: Ticket,
): SessionPacket {
  const { url: originalUrl, clientAddress } = sender;
  return {
    ...ticket,
    destination,
    originalUrl,
    clientAddress,
    expectedDigest: expectedDigestOf(request.headers),
  };
}
