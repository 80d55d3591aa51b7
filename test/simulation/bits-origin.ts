import type { OriginPacket } from "../../src/origin/bits-exchange.ts";
import { LineBroken } from "../../src/origin/bits-way.ts";
import type { BitsHandover, Handover } from "../../src/origin/carrier.ts";
import { handOverBits } from "../../src/origin/hand-over-bits.ts";
import type { Found } from "../../src/origin/read-back.ts";
import { HEADER } from "../../src/protocol/headers.ts";
import type { CommitOutcome, Silence } from "../../src/protocol/reflect.ts";
import { type Ack, BitsServer } from "./bits-server.ts";
import type { Life, Machine, Stage } from "./stage.ts";
import type { Attempt } from "./upload.ts";

const LOST: CommitOutcome = { kind: "silent", why: "connectionLost", mayHaveArrived: true };

/** The way to an origin that is a BITS server itself. A line breaks before a packet, inside of it and before its Ack. */
export class BitsOrigin {
  readonly #world: Stage;
  readonly #files: ReadonlyMap<string, Buffer>;
  readonly #server: BitsServer;

  /** @param files what is at the origin, by URL */
  constructor(world: Stage, files: Map<string, Buffer>) {
    this.#world = world;
    this.#files = files;
    this.#server = new BitsServer(world, files);
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
    try {
      for await (const piece of packet.content()) {
        parts.push(piece.slice());
        if (dice.next("origin") < 0.2)
          await object.wait(life, "body to the origin", dice.next("origin") * 20);
      }
    } catch {
      throw new LineBroken("connectionLost"); // as the line does, whose packet breaks off then
    }
    const content = Buffer.concat(parts);
    if (content.byteLength !== packet.length)
      this.#world.laws.broken("a packet to the origin is as long as it says", `${content.byteLength}`);
    const half = dice.fault("origin-takes-half", 0.1);
    if (half !== null) {
      this.#server.keep(packet, content.subarray(0, Math.floor(half * content.byteLength)));
      throw new LineBroken("connectionLost");
    }
    const answer: { ack?: Ack | Silence } = {};
    void this.#server.answer(packet, content, attempt).then((came) => Object.assign(answer, { ack: came }));
    for (const part of [30, 60, 120, patience - 210])
      if (answer.ack === undefined) await object.wait(life, "ack of the origin", part);
    const { ack: came = "timedOut" } = answer;
    story.tell("origin", `acks ${packet.headers.get(HEADER.packetType) ?? ""}`, {
      ack: typeof came === "string" ? came : came.status,
    });
    if (typeof came === "string") throw new LineBroken(came);
    return came;
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
