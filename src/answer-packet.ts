import type { Arrival } from "./arrival.ts";
import { type Config, ConfigError, directoryOf, type UploadDirectory } from "./config.ts";
import { log } from "./log.ts";
import { destinationExists } from "./origin/probe-destination.ts";
import { refuseDestination } from "./protocol/destination.ts";
import { type Fault, FAULTS, isFault } from "./protocol/faults.ts";
import { HEADER } from "./protocol/headers.ts";
import type { Packet } from "./protocol/packet.ts";
import { parsePacket, parsePacketType } from "./protocol/parse-packet.ts";
import { parseSessionId, type SessionId } from "./protocol/session-id.ts";
import { refuseBySize } from "./protocol/transfer.ts";
import { relayFragment } from "./session/relay-fragment.ts";
import type { SessionPacket } from "./session/session-record.ts";
import { issueTicket, verifyTicket } from "./session/session-ticket.ts";
import type { Answer, UploadSession } from "./session/upload-session.ts";

/** An answer, with the id of the session that Create-Session made. */
export interface Reply extends Answer {
  readonly created?: SessionId;
}

type Sessions = DurableObjectNamespace<UploadSession>;

/** A packet's surroundings: where it came from, where it goes, and whose rules hold there. */
interface Visit {
  readonly request: Request;
  readonly arrival: Arrival;
  readonly config: Config;
  readonly directory: UploadDirectory;
  /** Path and query of the destination URL, as the client wrote them. */
  readonly destination: string;
  readonly sessions: Sessions;
}

/** A session that the edge has issued: how to reach it, and what to tell it of this packet. */
interface Found {
  readonly session: DurableObjectStub<UploadSession>;
  readonly packet: SessionPacket;
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
  sessions: Sessions,
): Promise<Reply> {
  const packet = parsePacket(request.headers);
  const { pathname, search } = new URL(request.url);
  const directory = directoryOf(config, pathname);
  const isEnabled = directory?.enabled === true;
  if (isFault(packet)) {
    if (!isEnabled) return refuse(packet);
    return await refuseFragment(packet, {
      request,
      arrival,
      config,
      directory,
      destination: pathname + search,
      sessions,
    });
  }
  if (!isEnabled) return refuse(FAULTS.uploadsNotEnabled);
  const misnamed = refuseDestination(pathname);
  if (misnamed !== null) return refuse(misnamed);
  const visit: Visit = { request, arrival, config, directory, destination: pathname + search, sessions };
  switch (packet.type) {
    case "Ping":
      return DONE; // not routed to a session, [MC-BUP] 3.2.5.2.5; ruling 12
    case "Create-Session":
      return await create(visit);
    case "Fragment":
      return await withSession(packet.sessionId, visit, (found) => receive(packet, found, visit));
    case "Close-Session":
      return await withSession(packet.sessionId, visit, (found) => found.session.close(found.packet));
    case "Cancel-Session":
      return await withSession(packet.sessionId, visit, (found) => found.session.cancel(found.packet));
  }
}

/** Stores nothing: the id itself says what the session has to know until its first Fragment comes. */
async function create({ arrival, config, directory, destination }: Visit): Promise<Reply> {
  const key = signingKeys(config)[0];
  // Told before its bytes travel; the commit makes sure (ruling 13).
  const isTaken =
    directory.notification === "none" &&
    !directory.allowOverwrites &&
    (await destinationExists(destination, config));
  const fault = isTaken ? FAULTS.destinationExists : null;
  if (fault !== null) return refuse(fault);
  const { sessionId } = await issueTicket(key, destination, Date.now());
  log("created", { session: sessionId, destination: pathOf(destination), client: arrival.clientAddress });
  return { offset: null, fault: null, created: sessionId };
}

async function receive(
  fragment: Extract<Packet, { type: "Fragment" }>,
  { session, packet }: Found,
  { request, config, directory }: Visit,
): Promise<Reply> {
  const { maximumUploadBytes } = directory;
  const { maximumFragmentBytes } = config;
  const tooLarge = refuseBySize(fragment.range, { maximumUploadBytes, maximumFragmentBytes });
  if (tooLarge !== null) return { offset: await session.offset(packet), fault: tooLarge };
  return await relayFragment(session, packet, fragment, request.body);
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
  { arrival, request, config, destination, sessions }: Visit,
  answer: (found: Found) => Promise<Answer>,
): Promise<Reply> {
  const ticket = await verifyTicket(signingKeys(config), sessionId, destination);
  if (ticket === null) return refuse(FAULTS.sessionUnknown);
  const packet = { ...ticket, destination, originalUrl: request.url, clientAddress: arrival.clientAddress };
  return await answer({ session: sessions.getByName(sessionId), packet });
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

/** A query may carry an account or a token; the log does without. */
function pathOf(destination: string): string {
  return destination.replace(/\?.*/s, "");
}
