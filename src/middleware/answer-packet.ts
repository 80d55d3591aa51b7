import { withoutParameters } from "../config/canonical-path.ts";
import { type Config, ConfigError, directoryOf } from "../config/config.ts";
import { bodyReaderOf } from "../ingress/arrival.ts";
import { refuseDestination } from "../protocol/destination.ts";
import { type Fault, FAULTS, isFault } from "../protocol/faults.ts";
import type { Packet } from "../protocol/packet.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import { refuseBySize } from "../protocol/plan-piece.ts";
import { verifyTicket } from "../signed/session-ticket.ts";
import { createSession } from "./create-session.ts";
import { relayFragment } from "./relay-fragment.ts";
import { giveUpReserve } from "./reserve.ts";
import { SteadyReader } from "./steady-reader.ts";
import { type SessionStub, sessionStub } from "./session-stub.ts";
import { faultOnly, SUCCESS, type Verdict } from "./verdict.ts";
import { isServed, type ServedVisit, toSessionPacket, type Visit } from "./visit.ts";

/** A session whose id the edge has issued: how to reach it, and what to tell it of this packet. */
interface IssuedSession {
  readonly stub: SessionStub;
  readonly packet: SessionPacket;
  /** A stub that has seen a call reject is dead. */
  readonly freshStub: () => SessionStub;
}

/**
 * What the edge says to a BITS packet: syntax first, then the directory, then the session, in the
 * order of [MC-BUP] 3.2.5.2.3.
 *
 * @throws ConfigError, and whatever breaks on the way; `bits` makes an Ack of it
 */
export async function answerPacket(visit: Visit): Promise<Verdict> {
  const { config, packet } = visit;
  if (config instanceof Error) throw config;
  if (visit.destination === null) return faultOnly(isFault(packet) ? packet : FAULTS.destinationMalformed);
  if (!isServed(visit)) return faultOnly(isFault(packet) ? packet : FAULTS.uploadsNotEnabled);
  if (isFault(packet)) return await answerMalformed(packet, visit);
  const misnamed = refuseDestination(visit.path, visit.directory.path) ?? refuseMisreading(visit);
  if (misnamed !== null) return faultOnly(misnamed);
  switch (packet.type) {
    case "Ping":
      return SUCCESS; // not routed to a session, [MC-BUP] 3.2.5.2.5; ruling 12, Ping, and a session's URL
    case "Create-Session":
      return await createSession(visit, signingKeys(config)[0]);
    case "Fragment":
      return await withSession(packet.sessionId, visit, (session) => takeFragment(packet, session, visit));
    case "Close-Session":
      return await withSession(packet.sessionId, visit, (session) => session.stub.close(session.packet));
    case "Cancel-Session":
      return await withSession(packet.sessionId, visit, async (session) => cancelSession(session, visit));
  }
}

/**
 * To a server that knows parameters the path has to name a destination of the same directory, too (ruling 27, one canonical
 * path). Who gives a directory a semicolon has a server that knows none.
 */
function refuseMisreading({ config, directory, path }: ServedVisit): Fault | null {
  const misread = withoutParameters(path);
  if (misread === path || directory.path.includes(";")) return null;
  if (misread === null || directoryOf(config, misread) !== directory) return FAULTS.destinationMalformed;
  return refuseDestination(misread, directory.path);
}

/** A Fragment that breaks a rule of syntax still learns where its session stands (ruling 4, the next offset). */
async function answerMalformed(fault: Fault, visit: ServedVisit): Promise<Verdict> {
  if (visit.type !== "Fragment" || visit.sessionId === null) return faultOnly(fault);
  const verdict = await withSession(visit.sessionId, visit, async ({ stub, packet }) => {
    const offset = await stub.offset(packet);
    return offset === null ? faultOnly(FAULTS.sessionUnknown) : { offset, fault };
  });
  // Syntax is checked before the session, and only then what the session can take ([MC-BUP] 3.2.5.2.3).
  const isSyntax = fault !== FAULTS.uploadTooLarge;
  return verdict.fault === FAULTS.sessionUnknown && isSyntax ? faultOnly(fault) : verdict;
}

async function takeFragment(
  fragment: Extract<Packet, { type: "Fragment" }>,
  { stub, packet, freshStub }: IssuedSession,
  { request, arrival, config, directory }: ServedVisit,
): Promise<Verdict> {
  const { range } = fragment;
  const { maximumUploadBytes } = directory;
  const { maximumFragmentBytes } = config;
  const tooLarge = refuseBySize(range, { maximumUploadBytes, maximumFragmentBytes });
  if (tooLarge !== null) return { offset: await stub.offset(packet), fault: tooLarge };
  try {
    const reader = bodyReaderOf(request, arrival);
    const body = arrival.door === "http" && reader !== null ? new SteadyReader(reader) : reader;
    // Seen in workerd 1.20261117.1: in a cluster a second call overtakes the first while an edge claims the object.
    const callsKeepOrder = config.clusterReadyUrl === null;
    const answer = await relayFragment(stub, packet, fragment, request.headers, body, callsKeepOrder);
    if (answer === "client-left")
      return { offset: await stub.offset(packet), fault: FAULTS.edgeFailed, clientLeft: true };
    const isComplete = answer.fault === null && answer.offset === range.total;
    return isComplete && directory.commitOn === "last-fragment" ? await stub.complete(packet) : answer;
  } catch (error) {
    if (!isStorageFull(error)) throw error;
    return { offset: await freshStub().offset(packet), fault: FAULTS.storageFull };
  }
}

async function cancelSession(
  { stub, packet, freshStub }: IssuedSession,
  { bindings, config }: ServedVisit,
): Promise<Verdict> {
  try {
    // Perhaps only the object broke, so cancel once more. Erasing is the last resort: it leaves no tombstone.
    return await stub.cancel(packet).catch(async () => freshStub().cancel(packet));
  } catch {
    // A second failure may mean a full disk, whatever its words. Erasing a session needs little room, or none.
    const erase = async (): Promise<void> => freshStub().erase(packet);
    if (config.sessionObjects === 0) await erase();
    else await erase().catch(async () => giveUpReserve(bindings, config).then(erase));
    return SUCCESS;
  }
}

/** The runtime confirms an object's writes after the method has returned, so a failed write rejects the call. */
function isStorageFull(error: unknown): boolean {
  return /SQLITE_FULL|disk is full/i.test(String(error));
}

/** Runs `answer` for a session whose id the edge has issued for this destination; others wake no object. */
async function withSession(
  sessionId: SessionId,
  visit: ServedVisit,
  answer: (session: IssuedSession) => Promise<Verdict>,
): Promise<Verdict> {
  signingKeys(visit.config); // without a key the edge cannot judge any id
  const ticket = await verifyTicket(visit.config.sessionKeys, sessionId, visit.destination);
  if (ticket === null) return faultOnly(FAULTS.sessionUnknown);
  const freshStub = () => sessionStub(visit.bindings, visit.config, sessionId);
  return await answer({ stub: freshStub(), packet: toSessionPacket(visit, ticket), freshStub });
}

function signingKeys({ sessionKeys: [current, ...previous] }: Config): [string, ...string[]] {
  if (current !== undefined) return [current, ...previous];
  throw new ConfigError(
    "SESSION_KEY is not set; make one with `npx wrangler secret put SESSION_KEY`, 32 random characters or more.",
  );
}
