import type { MiddlewareHandler } from "hono";
import { answerData } from "./answer-data.ts";
import { type Arrival, arrivalOf } from "../ingress/arrival.ts";
import { answerPacket } from "./answer-packet.ts";
import type { Reply } from "./visit.ts";
import { type Config, ConfigError, directoryOf } from "../config/config.ts";
import type { Env } from "../env.ts";
import { log } from "../runtime/log.ts";
import { type Fault, FAULTS } from "../protocol/faults.ts";
import { BITS_POST, HEADER } from "../protocol/headers.ts";
import type { PacketType } from "../protocol/packet.ts";
import { parsePacketType } from "../protocol/parse-packet.ts";
import { formatSessionId, parseSessionId, type SessionId } from "../protocol/session-id.ts";
import { formatHresult, writeAck } from "../protocol/write-ack.ts";
import { senderOf } from "../proxy/sender.ts";
import { spell } from "../ingress/wire-spelling.ts";

/** More than any Windows client sends in one Fragment ([MC-BUP] 6, note 10). */
const DRAIN_BYTES = 16 * 1024 * 1024;

/**
 * The BITS server as a Hono middleware. It answers every BITS packet that reaches it, over either
 * door, and calls `next` for everything else.
 *
 * @param config the configuration, or how to read it from the Worker's bindings; the UploadSession
 *   class that is bound as UPLOAD_SESSIONS must have the same one
 *
 * @example
 * ```ts
 * const app = new Hono<{ Bindings: Env }>();
 * app.use(bits(readConfig));
 * app.get("/", (context) => context.text("not a BITS packet"));
 * ```
 */
export function bits(config: Config | ((env: Env) => Config)): MiddlewareHandler<{ Bindings: Env }> {
  return async (context, next) => {
    const request = context.req.raw;
    const arrival = arrivalOf(request);
    const settings = () => (typeof config === "function" ? config(context.env) : config);
    if (!isBits(request, arrival)) {
      const data = await answerData(request, settings(), context.env);
      if (data !== null) return data;
      await next();
      return;
    }
    try {
      const startedAt = Date.now();
      const reply = await answerPacket(request, arrival, settings(), context.env);
      record(request, arrival, settings(), reply, Date.now() - startedAt);
      if (arrival.door === "http" && reply.fault !== null) await drain(request);
      return ack(request, reply);
    } catch (error) {
      const subject = subjectOf(request, arrival, error instanceof ConfigError ? null : settings());
      return ack(request, { offset: null, fault: explain(error, subject) });
    }
  };
}

/**
 * The verb on the wire, its usual override, or the header that only BITS has: a gateway may have
 * rewritten the verb, and a client may have been told to use another.
 */
function isBits({ method, headers }: Request, arrival: Arrival): boolean {
  if (arrival.method === BITS_POST) return true;
  if (method !== "POST") return false;
  return headers.has(HEADER.packetType) || headers.get(HEADER.methodOverride)?.toUpperCase() === BITS_POST;
}

/**
 * Faults after which the connection closes: what was sent where nothing may be cannot be told from the
 * next request (ruling 7), and where the edge itself broke, a new connection is a new invocation of the
 * Worker, with a stub and limits of its own.
 */
const CLOSING = new Set<string>([FAULTS.bodyNotAllowed.fault, FAULTS.edgeFailed.fault]);

/** The Ack as a Response: the id as the client wrote it (ruling 3), and never a body. */
function ack(request: Request, reply: Reply): Response {
  const { status, headers } = writeAck({
    to: parsePacketType(request.headers.get(HEADER.packetType)),
    sessionId:
      reply.created === undefined ? request.headers.get(HEADER.sessionId) : formatSessionId(reply.created),
    offset: reply.offset,
    fault: reply.fault,
    replyUrl: reply.replyUrl ?? null,
    host: reply.host ?? null,
    challenges: reply.challenges ?? [],
  });
  if (reply.fault !== null && CLOSING.has(reply.fault.fault)) headers.push([HEADER.connection, "close"]);
  const response = new Response(null, { status });
  // Given to the constructor they cost twice as much.
  for (const [name, value] of headers) response.headers.append(name, value);
  spell(
    response,
    headers.map(([name]) => name),
  );
  return response;
}

/**
 * Reads past what is left of a refused Fragment: the runtime's HTTP server answers an unread body by closing
 * the connection, and a client or gateway that still sends may then never see its Ack. (The TCP door
 * answers first and drains afterwards.)
 */
async function drain({ body }: Request): Promise<void> {
  if (body === null || body.locked) return;
  const reader = body.getReader();
  for (let left = DRAIN_BYTES; left > 0;) {
    // One that leaves meanwhile has no need of it any more.
    const read = await reader.read().catch(() => null);
    if (read === null || read.done) return;
    left -= read.value.byteLength;
  }
  await reader.cancel();
}

/** Packets whose Ack is logged also where all is well. */
const ENDING: ReadonlySet<PacketType | null> = new Set(["Close-Session", "Cancel-Session"]);

/** What a line of the log is about: a packet, and whose it is. */
interface Subject {
  readonly packet: PacketType | null;
  readonly session: SessionId | null;
  /** Null where no directory serves the URL, or nobody can tell. */
  readonly directory: string | null;
  readonly destination: string;
  readonly client: string | null;
}

/** @param config null where it cannot be read: then nobody but the connection is believed who the client is */
function subjectOf(request: Request, arrival: Arrival, config: Config | null): Subject {
  const { headers } = request;
  const { clientAddress, url } = senderOf(request, arrival, config?.trustedProxies ?? []);
  const destination = new URL(url).pathname;
  return {
    packet: parsePacketType(headers.get(HEADER.packetType)),
    session: parseSessionId(headers.get(HEADER.sessionId) ?? ""),
    directory: config === null ? null : (directoryOf(config, destination)?.path ?? null),
    destination,
    client: clientAddress,
  };
}

/** A line for every Ack that ends something: a refusal, a Close-Session, a Cancel-Session; and for a client that left. */
function record(
  request: Request,
  arrival: Arrival,
  config: Config,
  { fault, offset, isAbandoned }: Reply,
  milliseconds: number,
): void {
  if (fault === null && !ENDING.has(parsePacketType(request.headers.get(HEADER.packetType)))) return;
  const subject = subjectOf(request, arrival, config);
  if (isAbandoned === true) return log("abandoned", { ...subject, offset, milliseconds });
  const hresult = fault?.hresult ?? null;
  log("acked", {
    ...subject,
    offset,
    status: fault?.status ?? 200,
    hresult: hresult === null ? null : formatHresult(hresult),
    fault: fault?.fault ?? null,
    milliseconds,
  });
}

/** The one place where an exception becomes an Ack. The client gets a status, the log the sentence. */
function explain(error: unknown, subject: Subject): Fault {
  const isConfig = error instanceof ConfigError;
  log(isConfig ? "misconfigured" : "failed", {
    ...subject,
    error: error instanceof Error ? error.message : String(error),
  });
  return isConfig ? FAULTS.misconfigured : FAULTS.edgeFailed;
}
