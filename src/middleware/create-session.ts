import { isInRanges } from "../config/address-ranges.ts";
import { admit } from "../origin/admission.ts";
import { FAULTS } from "../protocol/faults.ts";
import { refuseName } from "../protocol/name-policy.ts";
import { choosePlace, counterNameOf } from "../signed/session-place.ts";
import { issueTicket, type Ticket } from "../signed/session-ticket.ts";
import { objectOf } from "../runtime/placement.ts";
import { holdReserve } from "./reserve.ts";
import { sessionStub } from "./session-stub.ts";
import { faultOnly, type Verdict } from "./verdict.ts";
import { type ServedVisit, toSessionPacket } from "./visit.ts";

/**
 * Answers Create-Session: checks who may create a session, and how many, and makes an id. Nothing is stored: the id itself
 * carries what the session has to know until its first Fragment, and proves that the edge admitted it (docs/decisions/0002).
 *
 * @param key signs the id
 */
export async function createSession(visit: ServedVisit, key: string): Promise<Verdict> {
  const { request, sender, config, directory, destination } = visit;
  const fault = checkSender(visit) ?? checkName(visit) ?? (await checkRate(visit));
  if (fault !== null) return fault;
  const applicant = {
    destination,
    originalUrl: sender.url,
    headers: request.headers,
    clientAddress: sender.clientAddress,
  };
  const admission = await admit(applicant, directory, config);
  if (!admission.isAdmitted) return { ...faultOnly(admission.fault), challenges: admission.challenges };

  if (visit.config.sessionObjects > 0) await holdReserve(visit.bindings, visit.config);
  const ticket = await issueCounted(visit, key);
  if ("fault" in ticket) return ticket;
  const { sessionId } = ticket;
  const packet = toSessionPacket(visit, ticket);
  if (packet.expectedDigest !== null)
    await sessionStub(visit.bindings, visit.config, sessionId).announce(packet);
  const { hostId, hostIdFallbackTimeoutSeconds: fallbackTimeoutSeconds } = directory;
  const host = hostId === null ? null : { id: hostId, fallbackTimeoutSeconds };
  return { offset: null, fault: null, created: sessionId, host };
}

/** If no door could see the client's address, the client is in no range. */
function checkSender({ directory: { allowFrom }, sender: { clientAddress } }: ServedVisit): Verdict | null {
  if (allowFrom === null) return null;
  if (clientAddress !== null && isInRanges(clientAddress, allowFrom)) return null;
  return faultOnly(FAULTS.accessDenied, {
    got: clientAddress,
    allowed: `allow_from ${allowFrom.join(", ")}`,
  });
}

/** IIS's request filtering answers such names with 404; a client that is told 403 gives up as well. */
function checkName({ path, directory }: ServedVisit): Verdict | null {
  const refused = refuseName(path, directory.path, directory);
  if (refused === null) return null;
  return faultOnly(FAULTS.accessDenied, { got: refused.name, allowed: refused.setting });
}

/** The rate limiting binding, where the operator has made one (wrangler.toml). */
async function checkRate({ bindings, sender }: ServedVisit): Promise<Verdict | null> {
  const { CREATE_SESSION_LIMIT: limiter } = bindings;
  if (limiter === undefined || (await limiter.limit({ key: clientOf(sender) })).success) return null;
  return faultOnly(FAULTS.tooManySessions, { got: null, allowed: "CREATE_SESSION_LIMIT" });
}

/** A new id, which says where the session will live. A directory that limits a client's open sessions has it counted. */
async function issueCounted(
  { bindings, config, sender, directory, destination }: ServedVisit,
  key: string,
): Promise<Ticket | Verdict> {
  const limit = directory.maximumSessionsPerClient;
  const client = clientOf(sender);
  const place = await choosePlace(config.sessionObjects, limit === null ? null : client);
  const ticket = await issueTicket(key, destination, Date.now(), place);
  if (limit === null) return ticket;
  const { sessionId } = ticket;
  const counter =
    place.counter === null
      ? sessionStub(bindings, config, sessionId)
      : objectOf(bindings.SESSION_COUNTERS, counterNameOf(directory.path, sessionId), config.placement);
  if (await counter.admit({ directory: directory.path, client, sessionId, limit })) return ticket;
  const allowed = `maximum_sessions_per_client ${limit}`;
  return faultOnly(FAULTS.tooManySessions, { got: limit + 1, allowed });
}

/** Clients without a visible address count as one client. */
function clientOf({ clientAddress }: ServedVisit["sender"]): string {
  return clientAddress ?? "unknown";
}
