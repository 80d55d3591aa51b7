import type { OriginPacket } from "../../src/origin/bits-exchange.ts";
import { parseContentRange } from "../../src/protocol/content-range.ts";
import { BG_E_SESSION_NOT_FOUND } from "../../src/protocol/faults.ts";
import { HEADER } from "../../src/protocol/headers.ts";
import type { Silence } from "../../src/protocol/reflect.ts";
import type { Stage } from "./stage.ts";
import type { Attempt } from "./upload.ts";

/** A session at the origin's own BITS server. */
interface OriginSession {
  bytes: Buffer;
  /** What the first Fragment said; null before. */
  total: number | null;
  /** The application knows of it. */
  isTold: boolean;
}

export interface Ack {
  readonly status: number;
  readonly headers: Headers;
}

const ack = (status: number, fields: Record<string, string> = {}): Ack => ({
  status,
  headers: new Headers(fields),
});
const FORGOTTEN = ack(500, { [HEADER.errorCode]: `0x${BG_E_SESSION_NOT_FOUND.toString(16)}` });
const REFUSED_BY_APPLICATION = ack(500, { [HEADER.errorContext]: "0x7" });

/**
 * The BITS server of an origin ([MC-BUP] 3.2), and the application behind it. It forgets sessions, as one does that was
 * started again. It lives on when the edge dies.
 */
export class BitsServer {
  readonly #world: Stage;
  readonly #files: Map<string, Buffer>;
  readonly #sessions = new Map<string, OriginSession>();
  /** Its application hears of an upload with the last byte; otherwise at Close-Session. */
  readonly #tellsAtOnce: boolean;
  #created = 0;

  /** @param files what is at the origin, by URL */
  constructor(world: Stage, files: Map<string, Buffer>) {
    this.#world = world;
    this.#files = files;
    this.#tellsAtOnce = world.dice.next("bits origin") < 0.5;
  }

  /** What becomes of a packet that has arrived, whoever still waits for its Ack. */
  async answer(packet: OriginPacket, content: Buffer, attempt: Attempt): Promise<Ack | Silence> {
    const { dice, schedule } = this.#world;
    await schedule.sleep(dice.next("work") * 25);
    const id = packet.headers.get(HEADER.sessionId) ?? "";
    const memory = dice.fault("origin-forgets", 0.2);
    if (memory !== null) this.#forget(id, memory, attempt);
    if (dice.fault("origin-refuses", 0.2) !== null)
      return ack(dice.pick("status", [500, 503, 404, 423, 401, 413]));
    const came = this.#take(packet, content, attempt);
    if (dice.fault("origin-gateway", 0.1) !== null) return ack(502);
    if (dice.fault("origin-loses-answer", 0.2) !== null) return "connectionLost";
    if (dice.fault("origin-hangs", 0.05) !== null) return await new Promise(() => undefined);
    return came;
  }

  #take(packet: OriginPacket, content: Buffer, attempt: Attempt): Ack {
    const { headers, url } = packet;
    const type = headers.get(HEADER.packetType);
    if (type === "Create-Session") {
      const id = `{origin-${(this.#created += 1)}}`;
      this.#sessions.set(id, { bytes: Buffer.alloc(0), total: null, isTold: false });
      return ack(200, { [HEADER.sessionId]: id });
    }
    const id = headers.get(HEADER.sessionId) ?? "";
    const session = this.#sessions.get(id);
    if (session === undefined) return FORGOTTEN;
    if (type === "Fragment") {
      if (!this.keep(packet, content)) return ack(416, offsetOf(session));
      const isRefused = isWhole(session) && this.#tellsAtOnce && !this.#tell(session, attempt);
      return isRefused ? REFUSED_BY_APPLICATION : ack(200, offsetOf(session));
    }
    if (!isWhole(session)) this.#world.laws.broken("the origin's session is closed when it is whole", id);
    if (!this.#tell(session, attempt)) return REFUSED_BY_APPLICATION;
    this.#files.set(url, session.bytes);
    this.#sessions.delete(id);
    attempt.upload.isPublished = true;
    return ack(200);
  }

  /** Some of what has come is lost, or the session. A session that was whole is forgotten as a whole. */
  #forget(id: string, memory: number, attempt: Attempt): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    const isKept = memory > 0.6 && !isWhole(session);
    if (isKept) session.bytes = session.bytes.subarray(0, Math.floor(session.bytes.byteLength / 2));
    else this.#sessions.delete(id);
    if (session.isTold) attempt.upload.forgotten = "told";
    else if (isWhole(session)) attempt.upload.forgotten ??= "whole";
  }

  /** Overlap is trimmed. @returns false if there is a gap */
  keep({ headers }: OriginPacket, content: Buffer): boolean {
    const session = this.#sessions.get(headers.get(HEADER.sessionId) ?? "");
    const range = parseContentRange(headers.get(HEADER.contentRange) ?? "");
    if (session === undefined || typeof range === "string") return false;
    const { bytes } = session;
    if (range.first > bytes.byteLength) return false;
    session.bytes = Buffer.concat([bytes, content.subarray(bytes.byteLength - range.first)]);
    session.total = range.total;
    return true;
  }

  /** The application hears of a session once. @returns whether it has accepted */
  #tell(session: OriginSession, attempt: Attempt): boolean {
    const { dice, laws } = this.#world;
    if (!session.isTold && dice.fault("origin-forbids", 0.1) !== null) return false;
    if (!session.isTold) laws.told(attempt, session.bytes);
    session.isTold = true;
    attempt.isTaken = true;
    return true;
  }
}

function offsetOf({ bytes }: OriginSession): Record<string, string> {
  return { [HEADER.receivedContentRange]: String(bytes.byteLength) };
}

function isWhole({ bytes, total }: OriginSession): boolean {
  return bytes.byteLength === total;
}
