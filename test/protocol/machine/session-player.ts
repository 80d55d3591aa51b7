import { FAULTS, isFault, type Fault } from "../../../src/protocol/faults.ts";
import type { CommitOutcome } from "../../../src/protocol/reflect.ts";
import type { DirectoryRules, SessionPacket, SessionRecord } from "../../../src/protocol/session-record.ts";
import type { OriginStage } from "../../../src/protocol/origin-session.ts";
import type { SessionId } from "../../../src/protocol/session-id.ts";
import type { Answer } from "../../../src/protocol/session-answer.ts";
import type { SessionEvent, SessionState } from "../../../src/protocol/transitions.ts";
import type { Machine } from "./machine.ts";

/** Bytes of the upload that every story is about. */
export const TOTAL = 20;

export const PACKET: SessionPacket = {
  sessionId: "A0FF5911-4144-45B3-BF27-27AFC8EC8A67" as SessionId,
  issuedAt: 1_000,
  destination: "/uploads/log.txt",
  originalUrl: "http://edge.example/uploads/log.txt",
  clientAddress: "203.0.113.7",
  expectedDigest: null,
};

/** What a directory asks of the machine; a story says where it plays. */
export const DIRECTORIES = {
  plain: { notification: "none", reply: false, unknownOutcome: "retry", handover: "request" },
  "plain, hold": { notification: "none", reply: false, unknownOutcome: "hold", handover: "request" },
  notified: { notification: "by-value", reply: false, unknownOutcome: "retry", handover: "request" },
  "notified, hold": { notification: "by-value", reply: false, unknownOutcome: "hold", handover: "request" },
  "by reference, hold": {
    notification: "by-reference",
    reply: false,
    unknownOutcome: "hold",
    handover: "request",
  },
  reply: { notification: "by-value", reply: true, unknownOutcome: "retry", handover: "request" },
  bits: { notification: "none", reply: false, unknownOutcome: "retry", handover: "bits" },
  "bits, hold": { notification: "none", reply: false, unknownOutcome: "hold", handover: "bits" },
} as const satisfies Record<string, DirectoryRules>;

export type DirectoryName = keyof typeof DIRECTORIES;

export const ACCEPTED = {
  kind: "accepted",
  status: 200,
  copyToDestination: false,
  staticReplyUrl: null,
} as const;
export const REFUSED = { kind: "refused", status: 507, hresult: null } as const;
const silent = (why: "timedOut" | "cannotConnect" | "connectionLost", mayHaveArrived: boolean) =>
  ({ kind: "silent", why, mayHaveArrived }) as const;

/** How an attempt may end; a number is a status of the application's. */
export const OUTCOMES: { readonly [name: string]: CommitOutcome } = {
  "2xx": ACCEPTED,
  "2xx and a copy": { ...ACCEPTED, copyToDestination: true },
  "2xx and a URL": { ...ACCEPTED, staticReplyUrl: "http://elsewhere.example/reply" },
  "2xx and a copy and a URL": {
    ...ACCEPTED,
    copyToDestination: true,
    staticReplyUrl: "http://elsewhere.example/reply",
  },
  "2xx and too much": { kind: "replyTooLarge", status: 200 },
  "a file is there": { kind: "destinationExists" },
  "no answer": silent("timedOut", true),
  "lost connection": silent("connectionLost", true),
  "no connection": silent("cannotConnect", false),
  ...Object.fromEntries(
    [403, 413, 500, 502, 504, 507].map((status) => [status, { kind: "refused", status, hresult: null }]),
  ),
};

/**
 * Plays one session: packets, ends of attempts, and deaths of the edge. It does to a record what the table and the
 * functions of the machine say, as src/session does to a stored one, with a clock that ticks once an event.
 */
export class SessionPlayer {
  readonly #machine: Machine;
  directory: DirectoryRules | null;
  record: SessionRecord | null = null;
  offset = 0;
  isRunning = false;
  #now = 2_000;

  constructor(machine: Machine, directory: DirectoryRules | null) {
    this.#machine = machine;
    this.directory = directory;
  }

  get state(): SessionState {
    return this.#machine.stateOf(this.record, this.offset, this.directory, this.isRunning);
  }

  /** A session in the same situation. */
  copy(): SessionPlayer {
    const copy = new SessionPlayer(this.#machine, this.directory);
    return Object.assign(copy, { record: this.record, offset: this.offset, isRunning: this.isRunning });
  }

  /** Does what the table says. @returns the action, and what the client is told at once */
  receive(
    event: SessionEvent,
    range?: readonly [first: number, last: number],
  ): readonly [string, Answer | null] {
    this.#now += 1;
    const { TRANSITIONS, UNKNOWN, resultOf } = this.#machine;
    const action = TRANSITIONS[this.state][event];
    switch (action) {
      case "deny":
        return [action, UNKNOWN];
      case "store":
        return [action, this.#store(range ?? [0, TOTAL - 1])];
      case "acknowledge":
        return [action, { offset: null, fault: null }];
      case "commit":
        this.#commit();
        return [action, null];
      case "join":
      case "await":
        return [action, null];
      case "replay":
        return [action, resultOf(this.state, this.record)];
      case "finish":
        return [action, this.#finish()];
      case "discard":
        this.#bury("discarded");
        return [action, resultOf(this.state, this.record)];
      case "cancel":
        this.#bury("cancelled");
        return [action, { offset: null, fault: null }];
    }
  }

  /** The attempt that runs has ended. @returns what those that wait for it are told */
  end(outcome: CommitOutcome): Answer {
    this.#now += 1;
    this.isRunning = false;
    if (this.record === null || this.directory === null) throw new Error("no attempt runs");
    this.record = this.#machine.settle(this.record, outcome, this.directory, this.#now);
    return this.#machine.resultOf(this.state, this.record);
  }

  /** The entity is not what the client has announced: no attempt is made. */
  findWrongDigest(): Answer {
    this.isRunning = false;
    this.#bury("discarded", FAULTS.digestMismatch);
    return this.#machine.resultOf(this.state, this.record);
  }

  /** The origin's BITS server has come so far with the attempt that runs. */
  reach(stage: OriginStage | "nowhere"): void {
    if (this.record === null) throw new Error("no attempt runs");
    const session = { id: "{1}", url: "http://origin/log.txt", offset: 0, replyUrl: null };
    this.record = { ...this.record, origin: stage === "nowhere" ? null : { ...session, stage } };
  }

  /** The instance is gone, and what it ran with it. */
  die(): void {
    this.isRunning = false;
  }

  #store([first, last]: readonly [number, number]): Answer {
    const total = TOTAL;
    const progress = { offset: this.offset, total: this.record?.total ?? null };
    const length = last - first + 1;
    const plan = this.#machine.planPiece(progress, { first, length, total });
    if (isFault(plan)) return { offset: this.offset, fault: plan };
    this.record ??= this.#machine.open(PACKET, total, this.#now);
    this.offset += length - plan.skip;
    return { offset: this.offset, fault: null };
  }

  #commit(): void {
    const { orphan, seal } = this.#machine;
    if (this.record === null || this.directory === null) throw new Error("nothing to hand over");
    if (this.record.state === "committing") {
      this.record = orphan(this.record, this.directory, this.#now);
      if (this.state === "held") return;
    }
    this.record = seal(this.record, "digest", `key ${this.#now}`, this.directory, this.#now);
    this.isRunning = true;
  }

  #finish(): Answer | null {
    const { finish, isFinal, resultOf } = this.#machine;
    if (this.record?.delivery?.copyToDestination === true) {
      if (isFinal(this.record)) return { offset: null, fault: this.record.commit?.fault ?? null };
      this.#commit();
      return null;
    }
    if (this.record === null) throw new Error("nothing to finish");
    this.record = finish(this.record, this.#now);
    return resultOf(this.state, this.record);
  }

  #bury(state: "discarded" | "cancelled", fault: Fault | null = null): void {
    const { bury, open } = this.#machine;
    this.record = bury(this.record ?? open(PACKET, null, this.#now), state, this.#now, fault);
    this.offset = 0;
  }
}
