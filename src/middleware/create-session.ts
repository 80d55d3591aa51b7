import { isInRanges } from "../config/address-ranges.ts";
import type { Reply, Visit } from "./visit.ts";
import type { UploadDirectory } from "../config/config.ts";
import { log } from "../runtime/log.ts";
import { admit } from "../origin/admission.ts";
import { type Fault, FAULTS } from "../protocol/faults.ts";
import { expectedDigestOf } from "./content-check.ts";
import { counterName, shardOf } from "../session/session-counter.ts";
import { sessionStub } from "./session-stub.ts";
import { issueTicket } from "../signed/session-ticket.ts";

/**
 * Create-Session: who may, and how many; then an id. Nothing is stored: the id itself says what the
 * session has to know until its first Fragment comes, and that this was decided (docs/decisions/0002).
 *
 * @param key signs the id
 */
export async function createSession(visit: Visit, key: string): Promise<Reply> {
  const { request, sender, config, directory, destination } = visit;
  const { clientAddress } = sender;
  if (!isAllowedFrom(directory, clientAddress)) return refuse(FAULTS.accessDenied);
  if (!(await isWithinRate(visit))) return refuse(FAULTS.tooManySessions);
  const applicant = { destination, originalUrl: sender.url, headers: request.headers, clientAddress };
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
      originalUrl: sender.url,
      clientAddress,
      expectedDigest,
    };
    await sessionStub(visit.bindings, sessionId).announce(packet);
  }
  log("created", {
    session: sessionId,
    directory: directory.path,
    destination: destination.replace(/\?.*/s, ""),
    client: clientAddress,
  });
  const { hostId, hostIdFallbackTimeoutSeconds: fallbackTimeoutSeconds } = directory;
  const host = hostId === null ? null : { id: hostId, fallbackTimeoutSeconds };
  return { offset: null, fault: null, created: sessionId, host };
}

/** The rate limiting binding, where the operator has made one (wrangler.toml). */
async function isWithinRate({ bindings, sender }: Visit): Promise<boolean> {
  const limiter = bindings.CREATE_SESSION_LIMIT;
  return limiter === undefined || (await limiter.limit({ key: sender.clientAddress ?? "unknown" })).success;
}

/** A client whose address no door could see is in no range. */
function isAllowedFrom({ allowFrom }: UploadDirectory, clientAddress: string | null): boolean {
  if (allowFrom === null) return true;
  return clientAddress !== null && isInRanges(clientAddress, allowFrom);
}

function refuse(fault: Fault): Reply {
  return { offset: null, fault };
}
