import { type Arrival, bodyReaderOf } from "../ingress/arrival.ts";
import { senderOf } from "../proxy/sender.ts";
import { type Config, ConfigError, directoryOf } from "../config/config.ts";
import { createSession } from "./create-session.ts";
import { refuseDestination } from "../protocol/destination.ts";
import { type Fault, FAULTS, isFault } from "../protocol/faults.ts";
import { HEADER } from "../protocol/headers.ts";
import type { Packet } from "../protocol/packet.ts";
import { parsePacket, parsePacketType } from "../protocol/parse-packet.ts";
import { parseSessionId, type SessionId } from "../protocol/session-id.ts";
import { refuseBySize } from "../protocol/plan-piece.ts";
import { expectedDigestOf } from "./content-check.ts";
import { relayFragment } from "./relay-fragment.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import type { Bindings, Reply, Visit } from "./visit.ts";
import { verifyTicket } from "../signed/session-ticket.ts";
import type { Answer } from "../protocol/session-answer.ts";
import { type SessionStub, sessionStub } from "./session-stub.ts";

/** A session that the edge has issued: how to reach it, and what to tell it of this packet. */
interface Found {
  readonly session: SessionStub;
  readonly packet: SessionPacket;
  /** A fresh stub: one that has seen an exception is dead. */
  readonly again: () => SessionStub;
}

const DONE: Reply = { offset: null, fault: null };

/**
 * What the edge says to a BITS packet: syntax first, then the directory, then the session, in the
 * order of [MC-BUP] 3.2.5.2.3.
 *
 * @throws ConfigError, and whatever breaks on the way; `bits` makes an Ack of it
 */
export async function answerPacket(
  request: Request,
  arrival: Arrival,
  config: Config,
  bindings: Bindings,
): Promise<Reply> {
  const packet = parsePacket(request.headers);
  const { pathname, search } = new URL(request.url);
  const directory = directoryOf(config, pathname);
  if (directory === null || !directory.enabled)
    return refuse(isFault(packet) ? packet : FAULTS.uploadsNotEnabled);
  const sender = senderOf(request, arrival, config.trustedProxies);
  const visit: Visit = {
    request,
    arrival,
    sender,
    config,
    directory,
    destination: pathname + search,
    bindings,
  };
  if (isFault(packet)) return await refuseFragment(packet, visit);
  const misnamed = refuseDestination(pathname, directory.path);
  if (misnamed !== null) return refuse(misnamed);
  switch (packet.type) {
    case "Ping":
      return DONE; // not routed to a session, [MC-BUP] 3.2.5.2.5; ruling 12
    case "Create-Session":
      return await createSession(visit, signingKeys(config)[0]);
    case "Fragment":
      return await withSession(packet.sessionId, visit, (found) => receive(packet, found, visit));
    case "Close-Session":
      return await withSession(packet.sessionId, visit, (found) => found.session.close(found.packet));
    case "Cancel-Session":
      return await withSession(packet.sessionId, visit, cancel);
  }
}

async function receive(
  fragment: Extract<Packet, { type: "Fragment" }>,
  { session, packet, again }: Found,
  { request, arrival, config, directory }: Visit,
): Promise<Reply> {
  const { range } = fragment;
  const { maximumUploadBytes } = directory;
  const { maximumFragmentBytes } = config;
  const tooLarge = refuseBySize(range, { maximumUploadBytes, maximumFragmentBytes });
  if (tooLarge !== null) return { offset: await session.offset(packet), fault: tooLarge };
  try {
    const body = bodyReaderOf(request, arrival);
    const answer = await relayFragment(session, packet, fragment, request.headers, body);
    if (answer === "client-gone")
      return { offset: await session.offset(packet), fault: FAULTS.edgeFailed, isAbandoned: true };
    const isComplete = answer.fault === null && answer.offset === range.total;
    return isComplete && directory.commitOn === "last-fragment" ? await session.complete(packet) : answer;
  } catch (error) {
    if (!isStorageFull(error)) throw error;
    return { offset: await again().offset(packet), fault: FAULTS.storageFull };
  }
}

async function cancel({ session, packet, again }: Found): Promise<Reply> {
  try {
    return await session.cancel(packet);
  } catch (error) {
    if (!isStorageFull(error)) throw error;
    await again().erase(packet);
    return DONE;
  }
}

/** The object's writes are confirmed after its method has returned, so the failure is the call's, not the method's. */
function isStorageFull(error: unknown): boolean {
  return /SQLITE_FULL|disk is full/i.test(String(error));
}

/** A Fragment that breaks a rule of syntax still learns where its session stands (ruling 4). */
async function refuseFragment(fault: Fault, visit: Visit): Promise<Reply> {
  const { headers } = visit.request;
  const sessionId = parseSessionId(headers.get(HEADER.sessionId) ?? "");
  if (parsePacketType(headers.get(HEADER.packetType)) !== "Fragment" || sessionId === null)
    return refuse(fault);
  return await withSession(sessionId, visit, async ({ session, packet }) => {
    const offset = await session.offset(packet);
    return offset === null ? refuse(FAULTS.sessionUnknown) : { offset, fault };
  });
}

/** Runs `answer` for a session whose id the edge has issued for this destination; others wake no object. */
async function withSession(
  sessionId: SessionId,
  { request, sender, config, destination, bindings }: Visit,
  answer: (found: Found) => Promise<Answer>,
): Promise<Reply> {
  signingKeys(config); // without a key nothing can be said of any id
  const ticket = await verifyTicket(config.sessionKeys, sessionId, destination);
  if (ticket === null) return refuse(FAULTS.sessionUnknown);
  const { clientAddress, url: originalUrl } = sender;
  const expectedDigest = expectedDigestOf(request.headers);
  const packet = { ...ticket, destination, originalUrl, clientAddress, expectedDigest };
  const again = () => sessionStub(bindings, sessionId);
  return await answer({ session: again(), packet, again });
}

function signingKeys({ sessionKeys: [current, ...previous] }: Config): [string, ...string[]] {
  if (current !== undefined) return [current, ...previous];
  throw new ConfigError(
    "SESSION_KEY is not set; make one with `npx wrangler secret put SESSION_KEY`, 32 random characters or more.",
  );
}

function refuse(fault: Fault): Reply {
  return { offset: null, fault };
}
