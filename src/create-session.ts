import ipaddr from "ipaddr.js";
import type { Reply, Visit } from "./answer-packet.ts";
import type { UploadDirectory } from "./config.ts";
import { log } from "./log.ts";
import { admit } from "./origin/admission.ts";
import { type Fault, FAULTS } from "./protocol/faults.ts";
import { expectedDigestOf } from "./session/content-check.ts";
import { counterName, shardOf } from "./session/session-counter.ts";
import { issueTicket } from "./session/session-ticket.ts";

/**
 * Create-Session: who may, and how many; then an id. Nothing is stored: the id itself says what the
 * session has to know until its first Fragment comes, and that this was decided (docs/decisions/0002).
 *
 * @param key signs the id
 */
export async function createSession(visit: Visit, key: string): Promise<Reply> {
  const { request, arrival, config, directory, destination } = visit;
  if (!isAllowedFrom(directory, arrival.clientAddress)) return refuse(FAULTS.accessDenied);
  const { clientAddress } = arrival;
  const applicant = { destination, originalUrl: request.url, headers: request.headers, clientAddress };
  const admission = await admit(applicant, directory, config);
  if (!admission.isAdmitted) return { ...refuse(admission.fault), challenges: admission.challenges };

  const limit = directory.maximumSessionsPerClient;
  const client = clientAddress ?? "unknown";
  const now = Date.now();
  const shard = limit === null ? null : await shardOf(client);
  const { sessionId, issuedAt } = await issueTicket(key, destination, now, shard);
  if (limit !== null && shard !== null) {
    const counter = visit.bindings.SESSION_COUNTERS.getByName(counterName(directory.path, shard));
    if (!(await counter.admit(client, sessionId, limit, now))) return refuse(FAULTS.tooManySessions);
  }
  const expectedDigest = expectedDigestOf(request.headers);
  if (expectedDigest !== null) {
    const packet = {
      sessionId,
      issuedAt,
      destination,
      originalUrl: request.url,
      clientAddress,
      expectedDigest,
    };
    await visit.bindings.UPLOAD_SESSIONS.getByName(sessionId).announce(packet);
  }
  log("created", {
    session: sessionId,
    destination: destination.replace(/\?.*/s, ""),
    client: clientAddress,
  });
  const { hostId, hostIdFallbackTimeoutSeconds: fallbackTimeoutSeconds } = directory;
  const host = hostId === null ? null : { id: hostId, fallbackTimeoutSeconds };
  return { offset: null, fault: null, created: sessionId, host };
}

/** A client whose address no door could see is in no range. */
function isAllowedFrom({ allowFrom }: UploadDirectory, clientAddress: string | null): boolean {
  if (allowFrom === null) return true;
  return clientAddress !== null && isInRanges(clientAddress, allowFrom);
}

/** Whether an address is in one of the CIDR ranges; an IPv4 address in IPv6's clothes counts as IPv4. */
export function isInRanges(address: string, ranges: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const plain = ipaddr.process(address);
  return ranges.some((range) => {
    const [base, bits] = ipaddr.parseCIDR(range);
    return base.kind() === plain.kind() && plain.match([base, bits] as [typeof plain, number]);
  });
}

function refuse(fault: Fault): Reply {
  return { offset: null, fault };
}
