import { FAULTS } from "../protocol/faults.ts";
import { type Answer, resultOf, UNKNOWN } from "../protocol/session-answer.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import { TRANSITIONS } from "../protocol/transitions.ts";
import type { SignedUrlKind } from "../signed/signed-url.ts";
import { Ending } from "./ending.ts";
import { Intake } from "./intake.ts";
import { lookAfter } from "./look-after.ts";
import { OperatorActs } from "./operator-acts.ts";
import type { Deed, DeedResult, SessionDetails } from "./operator-calls.ts";
import { Outbox } from "./outbox.ts";
import { readEntity } from "./read-entity.ts";
import type { DataSize, FragmentRange, Piece, ReplyPiece } from "./session-calls.ts";
import { appendReply, measure, streamOf } from "./session-data.ts";
import { Session } from "./session.ts";
import type { Surroundings } from "./surroundings.ts";

const DONE: Answer = { offset: null, fault: null };

/**
 * A session in memory, and its answer to each packet. A call derives the session's state, looks up the action in the table
 * of protocol/transitions.ts, has the action done and stored, and answers. `SessionCalls` has the contract.
 */
export class LiveSession {
  readonly #session: Session;
  readonly #intake: Intake;
  readonly #outbox: Outbox;
  readonly #ending: Ending;
  readonly #acts: OperatorActs;
  /** Whether an index is told of the session when it is loaded: it may have lost what an earlier life told it. */
  readonly tellsIndex: boolean;

  constructor(id: SessionId, surroundings: Surroundings) {
    this.#session = new Session(id, surroundings);
    this.#intake = new Intake(this.#session);
    this.#outbox = new Outbox(this.#session, async (length) => await this.#intake.digestOf(length));
    this.#ending = new Ending(this.#session, this.#outbox);
    this.#acts = new OperatorActs(this.#session, this.#outbox, this.#ending);
    this.tellsIndex = this.#session.listed.putElsewhere();
  }

  /** Whether the session is handing its upload over just now. */
  get isHandingOver(): boolean {
    return this.#session.isHandingOver;
  }

  /** Whether the session has work under way that would be lost if it left memory. */
  get isBusy(): boolean {
    const { isHandingOver, store, staged, id } = this.#session;
    return isHandingOver || store.waste.isBeingSwept || staged.has(id) || this.#intake.isMoving;
  }

  describe(): SessionDetails | null {
    return this.#acts.describe();
  }

  async act(deed: Deed, by: string): Promise<DeedResult> {
    return await this.#acts.act(deed, by);
  }

  announce(packet: SessionPacket): void {
    this.#session.announce(packet);
  }

  append(packet: SessionPacket, piece: Piece): Answer {
    const state = this.#session.stateFor(packet);
    if (state === null) return UNKNOWN;
    switch (TRANSITIONS[state].Fragment) {
      case "store":
        return this.#intake.append(packet, piece);
      case "acknowledge":
        return this.#intake.acknowledge(piece);
      case "deny":
        return UNKNOWN;
    }
  }

  stage(packet: SessionPacket, fragment: string, piece: Omit<Piece, "first">): void {
    const state = this.#session.stateFor(packet);
    // Skip pieces that `adopt` would drop anyway.
    if (state !== null && TRANSITIONS[state].Fragment === "store")
      this.#intake.stage(packet, fragment, piece);
  }

  adopt(packet: SessionPacket, fragment: string, range: FragmentRange): Answer {
    return this.#intake.adopt(fragment, range, (piece) => this.append(packet, piece));
  }

  unstage(fragment: string): void {
    this.#session.staged.discard(fragment);
  }

  offset(packet: SessionPacket): number | null {
    return this.#session.stateFor(packet) === null ? null : this.#session.store.offset;
  }

  async complete(packet: SessionPacket): Promise<Answer> {
    const state = this.#session.stateFor(packet);
    if (state === null) return UNKNOWN;
    const { offset } = this.#session.store;
    switch (TRANSITIONS[state].Complete) {
      case "commit":
      case "join":
        return { ...(await this.#ending.commitForReply()), offset };
      case "replay":
        return { ...(await this.#ending.resultWithReply()), offset };
      case "deny":
        return UNKNOWN;
    }
  }

  async close(packet: SessionPacket): Promise<Answer> {
    const state = this.#session.stateFor(packet);
    if (state === null) return UNKNOWN;
    switch (TRANSITIONS[state].Close) {
      case "commit":
      case "join":
        return await this.#ending.commitAndFinish();
      case "finish":
        return await this.#ending.finish();
      case "replay":
        return resultOf(state, this.#session.store.record);
      case "discard":
        this.#ending.bury(packet, "discarded");
        return resultOf("discarded", this.#session.store.record);
      case "deny":
        return UNKNOWN;
    }
  }

  async cancel(packet: SessionPacket): Promise<Answer> {
    if (this.#session.store.isUnreadable) {
      this.erase(packet);
      return DONE;
    }
    const state = this.#session.stateFor(packet);
    if (state === null) return UNKNOWN;
    switch (TRANSITIONS[state].Cancel) {
      case "await":
        // If the attempt has ended, its state decides. If it goes on, the client gets 503 and comes again.
        return (await this.#hasEnded(packet))
          ? await this.cancel(packet)
          : { offset: null, fault: FAULTS.edgeFailed };
      case "cancel":
        this.#ending.bury(packet, "cancelled");
        return DONE;
      case "acknowledge":
        return DONE;
    }
  }

  erase(packet: SessionPacket): void {
    const { store, journal } = this.#session;
    if (!store.isUnreadable && this.#session.stateFor(packet) === null) return;
    journal.write("cancelled", {}, packet);
    this.#forget();
  }

  measure(kind: SignedUrlKind): DataSize | null {
    const { store, world } = this.#session;
    const now = world.now();
    if (store.record === null || this.#session.endOf(store.record) <= now) return null;
    this.#session.heard(now);
    return measure(this.#session, kind);
  }

  read(kind: SignedUrlKind, start: number, end: number): ReadableStream<Uint8Array> {
    const { store, world } = this.#session;
    const isEntity = kind === "entity";
    return streamOf(isEntity ? readEntity(store.fragments, world, start, end) : store.reply.read(start, end));
  }

  appendReply(first: number, bytes: Uint8Array): ReplyPiece {
    return appendReply(this.#session, first, bytes);
  }

  /** Looks after the session when it is due; `lookAfter` has the contract. */
  wake(): number {
    return lookAfter(this.#session, this.#outbox, () => this.#forget());
  }

  #forget(): void {
    this.#session.forget();
    this.#intake.forget();
  }

  /** Waits for the attempt that runs, as long as a Close-Session does. */
  async #hasEnded({ destination }: SessionPacket): Promise<boolean> {
    return await this.#outbox.ended(this.#session.directory(destination)?.originTimeoutSeconds ?? 0);
  }
}
