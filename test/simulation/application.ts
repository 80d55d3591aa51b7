import type { Handover } from "../../src/origin/carrier.ts";
import type { CommitOutcome } from "../../src/protocol/reflect.ts";
import { BitsOrigin } from "./bits-origin.ts";
import type { Attempt } from "./upload.ts";
import type { Life, Machine, Stage } from "./stage.ts";

const LOST: CommitOutcome = { kind: "silent", why: "connectionLost", mayHaveArrived: true };
const TIMED_OUT: CommitOutcome = { kind: "silent", why: "timedOut", mayHaveArrived: true };
const UNREACHABLE: CommitOutcome = { kind: "silent", why: "cannotConnect", mayHaveArrived: false };

/**
 * The origin and the way to it: takes an upload, refuses, takes it and loses its answer, hangs, breaks off in the
 * middle, is not there. It lives on when the edge dies in the middle of a request.
 */
export class Application {
  readonly #world: Stage;
  readonly #files = new Map<string, Buffer>();
  /** Idempotency-Keys that it remembers, if it is one that does. */
  readonly #known = new Set<string>();
  readonly remembers: boolean;
  readonly #bitsServer: BitsOrigin;

  constructor(world: Stage) {
    this.#world = world;
    this.remembers = world.dice.next("application") < 0.5;
    this.#bitsServer = new BitsOrigin(world, this.#files);
  }

  /** One attempt. Comes back with what the edge sees of it; never, if the edge's object dies before. */
  async carry(handover: Handover, object: Machine, life: Life): Promise<CommitOutcome> {
    const { bits } = handover;
    if (bits !== null) return await this.#bitsServer.carry(handover, bits, object, life);
    const { dice, laws, story } = this.#world;
    const purpose = handover.request.method === "PUT" ? "put" : "notify";
    const attempt = laws.begins(handover.request, life, purpose);
    const pause = async (why: string): Promise<void> =>
      await object.wait(
        life,
        why,
        dice.next("origin") * (dice.fault("origin-slow", 0.1) === null ? 20 : 400_000),
      );
    await pause("connection to the origin");
    if (dice.fault("origin-unreachable", 0.3) !== null) return this.#ends(attempt, UNREACHABLE);
    const parts: Uint8Array[] = [];
    const half = dice.fault("origin-takes-half", 0.2);
    let isTorn = half !== null;
    if (handover.request.carriesEntity) {
      let sent = 0;
      try {
        for await (const piece of handover.entity()) {
          parts.push(piece.slice());
          sent += piece.byteLength;
          if (half !== null && sent > half * handover.length) break;
          if (dice.next("origin") < 0.3) await pause("body to the origin");
        }
      } catch {
        isTorn = true; // as a carrier does, whose request breaks off then
      }
    }
    const bytes = Buffer.concat(parts);
    if (isTorn) {
      if (handover.request.method === "PUT" && !this.#files.has(handover.request.url))
        this.#files.set(handover.request.url, bytes);
      return this.#ends(attempt, LOST);
    }
    if (handover.request.carriesEntity && bytes.byteLength !== handover.length)
      laws.broken(
        "the application is sent the whole entity",
        `${bytes.byteLength} of ${handover.length} bytes`,
      );
    const answer: { outcome?: CommitOutcome } = {};
    void this.#work(handover, attempt, bytes).then((outcome) => Object.assign(answer, { outcome }));
    const patience = handover.silenceSeconds * 1000;
    for (const part of [30, 60, 120, patience - 210])
      if (answer.outcome === undefined) await object.wait(life, "answer of the origin", part);
    const { outcome = TIMED_OUT } = answer;
    story.tell("origin", `answers ${attempt.key}`, { ...outcome });
    const isAccepted = outcome.kind === "accepted";
    return this.#ends(attempt, isAccepted ? await this.#hear(handover, attempt, outcome, pause) : outcome);
  }

  /** The edge reads the body of a 2xx, which may break off. */
  async #hear(
    handover: Handover,
    attempt: Attempt,
    accepted: CommitOutcome,
    pause: (why: string) => Promise<void>,
  ): Promise<CommitOutcome> {
    const { dice, laws } = this.#world;
    if (handover.takeReply === null) return accepted;
    const reply = laws.replyOf(attempt);
    for (let first = 0; first < reply.byteLength; first += 20) {
      attempt.outcome = LOST; // what cannot be stored ends the attempt
      if (!handover.takeReply(reply.slice(first, first + 20))) return { kind: "replyTooLarge", status: 200 };
      attempt.outcome = null;
      await pause("body of the answer");
      if (dice.fault("origin-loses-answer", 0.1) !== null) return LOST;
    }
    return accepted;
  }

  #ends(attempt: Attempt, outcome: CommitOutcome): CommitOutcome {
    attempt.outcome = outcome;
    return outcome;
  }

  /** What the application does with a request that has arrived, whoever still waits for it. */
  async #work(handover: Handover, attempt: Attempt, sent: Buffer): Promise<CommitOutcome> {
    const { dice, schedule, laws } = this.#world;
    const { request } = handover;
    await schedule.sleep(dice.next("work") * 25);
    if (dice.fault("origin-refuses", 0.3) !== null)
      return { kind: "refused", status: dice.pick("status", [500, 503, 404, 423, 401, 413]), hresult: null };
    if (dice.fault("origin-forbids", 0.1) !== null) return { kind: "refused", status: 403, hresult: null };
    let bytes = sent;
    if (!request.carriesEntity) {
      const fetched = await this.#fetch(attempt);
      if (fetched === null) return { kind: "refused", status: 500, hresult: null };
      bytes = fetched;
    }
    if (this.remembers && this.#known.has(attempt.key)) attempt.isRemembered = true;
    else if (request.method === "PUT") {
      const file = this.#files.get(request.url);
      if (file !== undefined && request.headers.has("If-None-Match")) {
        const isOurs = handover.reachedAt !== null && bytes.subarray(0, file.byteLength).equals(file);
        if (!isOurs) return { kind: "destinationExists" };
        if (file.byteLength === bytes.byteLength) attempt.isRemembered = true;
      }
      this.#files.set(request.url, bytes);
    }
    this.#known.add(attempt.key);
    laws.takes(attempt, bytes);
    if (dice.fault("origin-gateway", 0.1) !== null) return { kind: "refused", status: 502, hresult: null };
    if (dice.fault("origin-loses-answer", 0.2) !== null) return LOST;
    if (dice.fault("origin-hangs", 0.1) !== null) return await new Promise(() => undefined);
    return await this.#accept(handover, attempt);
  }

  async #accept(handover: Handover, attempt: Attempt): Promise<CommitOutcome> {
    const { laws } = this.#world;
    const { upload } = attempt;
    const acceptance = {
      copyToDestination: upload.isToBeCopied && attempt.purpose === "notify",
      staticReplyUrl: null,
    };
    const isPut = attempt.purpose === "notify" && upload.directory.reply && handover.takeReply === null;
    if (isPut && !(await this.#putReply(attempt, laws.replyOf(attempt))))
      return { kind: "refused", status: 500, hresult: null };
    return { kind: "accepted", status: 200, ...acceptance };
  }

  /** GETs the entity by its URL on the edge. */
  async #fetch({ upload }: Attempt): Promise<Buffer | null> {
    try {
      const object = this.#world.objectOf(upload.id);
      const bytes = await object.call("GET entity", async (host) => {
        const size = host.measure(upload.id, "entity");
        if (size === null) return null;
        const parts: Uint8Array[] = [];
        for await (const part of host.read(upload.id, "entity", 0, size.length)) parts.push(part);
        return Buffer.concat(parts);
      });
      return bytes;
    } catch {
      return null;
    }
  }

  /** PUTs the reply to its URL on the edge. */
  async #putReply({ upload }: Attempt, reply: Uint8Array): Promise<boolean> {
    const object = this.#world.objectOf(upload.id);
    try {
      for (let first = 0; first < reply.byteLength; first += 20) {
        const bytes = reply.slice(first, first + 20);
        if ((await object.call("PUT reply", (host) => host.appendReply(upload.id, first, bytes))) !== "taken")
          return false;
      }
      return true;
    } catch {
      return false;
    }
  }
}
