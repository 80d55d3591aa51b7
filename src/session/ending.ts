import type { UploadDirectory } from "../config/config.ts";
import { FAULTS } from "../protocol/faults.ts";
import { type Answer, resultOf, STILL_RUNNING, UNKNOWN } from "../protocol/session-answer.ts";
import type { SessionPacket, SessionRecord } from "../protocol/session-record.ts";
import { bury, finish, isFinal, open } from "../protocol/transitions.ts";
import { replyUrlOf } from "./data-urls.ts";
import type { Outbox } from "./outbox.ts";
import type { Session } from "./session.ts";

const NOT_ENABLED: Answer = { offset: null, fault: FAULTS.uploadsNotEnabled };

/**
 * How a session ends: with a commit, and what the application's acceptance has left to do; or without one. A tombstone
 * stays in its place until its time is over.
 */
export class Ending {
  readonly #session: Session;
  readonly #outbox: Outbox;

  constructor(session: Session, outbox: Outbox) {
    this.#session = session;
    this.#outbox = outbox;
  }

  /** Hands the upload to the application, or joins the attempt that runs; the result has the URL of the reply. */
  async commitForReply(): Promise<Answer> {
    const directory = this.#session.directory();
    if (directory === null) return NOT_ENABLED;
    return (await this.#handOver(directory)) ? await this.resultWithReply() : STILL_RUNNING;
  }

  /** What the session says of its commit, and where the reply is; both of this moment, since a Cancel-Session may wait. */
  async resultWithReply(): Promise<Answer> {
    const { store, world } = this.#session;
    const { record } = store;
    const result = this.#result();
    const replyUrl = record === null ? null : await replyUrlOf(record, this.#session.directory(), world);
    return { ...result, replyUrl };
  }

  /** Hands the upload over, or joins the attempt that runs, and does what an acceptance has left to do. */
  async commitAndFinish(): Promise<Answer> {
    const directory = this.#session.directory();
    if (directory === null) return NOT_ENABLED;
    // What runs may be the application's turn, or, for another Close-Session, the file's way to its destination.
    const wasDelivered = this.#isUnfinished;
    const hasEnded = await this.#handOver(directory);
    if (!this.#isUnfinished) return this.#resultIf(hasEnded);
    // If the application is told on Close-Session, the run of attempts has seen to the rest already.
    const isToldBefore = directory.commitOn === "last-fragment";
    return isToldBefore && !wasDelivered ? await this.finish() : this.#publication();
  }

  /** What an acceptance left to do: the file's way to its destination, and the end of the reply. */
  async finish(): Promise<Answer> {
    const { store, journal, world } = this.#session;
    const { record } = store;
    if (record === null || record.delivery === null) return UNKNOWN;
    if (record.delivery.copyToDestination) {
      if (isFinal(record)) return this.#publication();
      const directory = this.#session.directory();
      if (directory === null) return NOT_ENABLED;
      const hasEnded = await this.#handOver(directory);
      return this.#isUnfinished ? this.#publication() : this.#resultIf(hasEnded);
    }
    this.#end(finish(record, world.now()));
    journal.write("finished");
    return this.#result();
  }

  /** Ends a session without a commit. */
  bury(packet: SessionPacket, state: "discarded" | "cancelled"): void {
    const { store, journal, world } = this.#session;
    const now = world.now();
    this.#end(bury(store.record ?? open(packet, null, now), state, now));
    journal.write(state);
  }

  #end(tombstone: SessionRecord): void {
    this.#session.settle(tombstone);
    this.#session.staged.discardOf(this.#session.id);
  }

  /**
   * Whoever waits for this reads where the session stands in one go, with no `await` in between: a Cancel-Session that
   * waited as well may be next.
   *
   * @returns whether the attempt, or what follows it, has ended before the client loses patience
   */
  async #handOver(directory: UploadDirectory): Promise<boolean> {
    this.#outbox.start(directory);
    return await this.#outbox.ended(directory.originTimeoutSeconds);
  }

  #resultIf(hasEnded: boolean): Answer {
    return hasEnded ? this.#result() : STILL_RUNNING;
  }

  #result(): Answer {
    return resultOf(this.#session.state, this.#session.store.record);
  }

  /** Whether the application has taken the upload, and there is something left to do. */
  get #isUnfinished(): boolean {
    return (this.#session.store.record?.delivery ?? null) !== null;
  }

  /** Why the file is not at its destination yet, which the application has asked for. */
  #publication(): Answer {
    return { offset: null, fault: this.#session.store.record?.commit?.fault ?? STILL_RUNNING.fault };
  }
}
