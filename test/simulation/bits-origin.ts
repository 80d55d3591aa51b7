import type { OriginPacket } from "../../src/origin/bits-exchange.ts";
import { LineBroken } from "../../src/origin/bits-line.ts";
import type { BitsHandover, Handover } from "../../src/origin/carrier.ts";
import { handOverBits } from "../../src/origin/hand-over-bits.ts";
import type { Found } from "../../src/origin/read-back.ts";
import { parseContentRange } from "../../src/protocol/content-range.ts";
import { BG_E_SESSION_NOT_FOUND } from "../../src/protocol/faults.ts";
import { HEADER } from "../../src/protocol/headers.ts";
import type { CommitOutcome, Silence } from "../../src/protocol/reflect.ts";
import type { Life, Machine, Stage } from "./stage.ts";
import type { Attempt } from "./upload.ts";

/** A session at the origin's own BITS server. */
interface OriginSession {
  bytes: Buffer;
  /** What the first Fragment said; null before. */
  total: number | null;
  /** The application knows of it. */
  isTold: boolean;
}

interface Ack {
  readonly status: number;
  readonly headers: Headers;
}

const ack = (status: number, fields: Record<string, string> = {}): Ack => ({
  status,
  headers: new Headers(fields),
});
const LOST: CommitOutcome = { kind: "silent", why: "connectionLost", mayHaveArrived: true };
const FORGOTTEN = ack(500, { [HEADER.errorCode]: `0x${BG_E_SESSION_NOT_FOUND.toString(16)}` });
const REFUSED_BY_APPLICATION = ack(500, { [HEADER.errorContext]: "0x7" });

/**
 * An origin that is a BITS server itself ([MC-BUP] 3.2), and the lines to it, which break before a packet, inside of it
 * and before its Ack. It forgets sessions, as one does that was started again. It lives on when the edge dies.
 */
export class BitsOrigin {
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

  /** One attempt. Comes back with what the edge sees of it; never, if the edge's object dies before. */
  async carry(handover: Handover, bits: BitsHandover, object: Machine, life: Life): Promise<CommitOutcome> {
    const { laws, story } = this.#world;
    const purpose = bits.step === "fragments" ? "notify" : "put";
    const attempt = laws.begins(handover.request, life, purpose);
    const save = async (session: Parameters<BitsHandover["save"]>[0]): Promise<void> => {
      attempt.outcome = LOST; // what cannot be stored ends the attempt
      await bits.save(session);
      attempt.outcome = null;
    };
    const outcome = await handOverBits(
      handover,
      { ...bits, save },
      {
        exchange: async (packet) => await this.#exchange(packet, handover, attempt, object, life),
        readBack: async () => await this.#readBack(attempt, object, life),
        log: (event, fields) => story.tell(object.name, event, fields),
      },
    );
    attempt.outcome = outcome;
    return outcome;
  }

  /** A line that was kept may have been given up: then the packet goes once more. */
  async #exchange(
    packet: OriginPacket,
    { silenceSeconds }: Handover,
    attempt: Attempt,
    object: Machine,
    life: Life,
  ): Promise<Ack> {
    const isKept = this.#world.dice.next("line") < 0.3;
    try {
      return await this.#exchangeOnce(packet, silenceSeconds * 1000, attempt, object, life);
    } catch (error) {
      if (!isKept || !(error instanceof LineBroken) || error.why !== "connectionLost") throw error;
      return await this.#exchangeOnce(packet, silenceSeconds * 1000, attempt, object, life);
    }
  }

  async #exchangeOnce(
    packet: OriginPacket,
    patience: number,
    attempt: Attempt,
    object: Machine,
    life: Life,
  ): Promise<Ack> {
    const { dice, story } = this.#world;
    const isSlow = dice.fault("origin-slow", 0.05) !== null;
    await object.wait(life, "packet to the origin", dice.next("origin") * (isSlow ? 400_000 : 20));
    if (dice.fault("origin-unreachable", 0.2) !== null) throw new LineBroken("cannotConnect");
    const parts: Uint8Array[] = [];
    for (const piece of packet.content()) {
      parts.push(piece.slice());
      if (dice.next("origin") < 0.2) await object.wait(life, "body to the origin", dice.next("origin") * 20);
    }
    const content = Buffer.concat(parts);
    if (content.byteLength !== packet.length)
      this.#world.laws.broken("a packet to the origin is as long as it says", `${content.byteLength}`);
    const half = dice.fault("origin-takes-half", 0.1);
    if (half !== null) {
      this.#keep(packet, content.subarray(0, Math.floor(half * content.byteLength)));
      throw new LineBroken("connectionLost");
    }
    const answer: { ack?: Ack | Silence } = {};
    void this.#work(packet, content, attempt).then((came) => Object.assign(answer, { ack: came }));
    for (const part of [30, 60, 120, patience - 210])
      if (answer.ack === undefined) await object.wait(life, "ack of the origin", part);
    const { ack: came = "timedOut" } = answer;
    story.tell("origin", `acks ${packet.headers.get(HEADER.packetType) ?? ""}`, {
      ack: typeof came === "string" ? came : came.status,
    });
    if (typeof came === "string") throw new LineBroken(came);
    return came;
  }

  /** What becomes of a packet that has arrived, whoever still waits for its Ack. */
  async #work(packet: OriginPacket, content: Buffer, attempt: Attempt): Promise<Ack | Silence> {
    const { dice, schedule } = this.#world;
    await schedule.sleep(dice.next("work") * 25);
    const id = packet.headers.get(HEADER.sessionId) ?? "";
    if (dice.fault("origin-forgets", 0.05) !== null) {
      if (this.#sessions.get(id)?.isTold === true) attempt.upload.isForgotten = true;
      this.#sessions.delete(id);
    }
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
      if (!this.#keep(packet, content)) return ack(416, offsetOf(session));
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

  /** Overlap is trimmed. @returns false if there is a gap */
  #keep({ headers }: OriginPacket, content: Buffer): boolean {
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

  /** Equal bytes at the destination are taken for the upload, whoever put them there. */
  async #readBack(attempt: Attempt, object: Machine, life: Life): Promise<Found> {
    const { dice } = this.#world;
    await object.wait(life, "file of the origin", dice.next("origin") * 20);
    if (dice.fault("origin-unreachable", 0.2) !== null) return { is: "unknown" };
    const { upload } = attempt;
    const file = this.#files.get(attempt.url);
    if (file === undefined) return { is: "nothing" };
    if (!file.equals(upload.bytes)) return { is: "other" };
    attempt.isTaken = true;
    upload.isPublished = true;
    return { is: "whole" };
  }
}

function offsetOf({ bytes }: OriginSession): Record<string, string> {
  return { [HEADER.receivedContentRange]: String(bytes.byteLength) };
}

function isWhole({ bytes, total }: OriginSession): boolean {
  return bytes.byteLength === total;
}
