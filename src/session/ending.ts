import type { UploadDirectory } from "../config/config.ts";
import { FAULTS } from "../protocol/faults.ts";
import { type Answer, resultOf, STILL_RUNNING, UNKNOWN } from "../protocol/session-answer.ts";
import type { SessionPacket, SessionRecord } from "../protocol/session-record.ts";
import { bury, finish, isFinal, open } from "../protocol/transitions.ts";
import { replyUrlOf } from "./signed-urls.ts";
import type { Outbox } from "./outbox.ts";
import type { Session } from "./session.ts";

const NOT_ENABLED: Answer = { offset: null, fault: FAULTS.uploadsNotEnabled };

/**
 * Ends a session: with a commit, and with the work that the application's acceptance has left; or without a commit. The
 * ended session leaves a tombstone, which answers packets until the session's time is over.
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

  /**
   * The result of the commit, and the URL of the reply. Both are read in one go: a waiting Cancel-Session may be next.
   */
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
    // The attempt that runs is the notification; or it is the PUT to the destination, which another Close-Session began.
    const wasDelivered = this.#isUnfinished;
    const hasEnded = await this.#handOver(directory);
    if (!this.#isUnfinished) return this.#resultIf(hasEnded);
    // If the directory commits on Close-Session, the run of attempts has made the PUT already.
    const isToldBefore = directory.commitOn === "last-fragment";
    return isToldBefore && !wasDelivered ? await this.finish() : this.#publication();
  }

  /** Does what an acceptance has left to do: puts the file at its destination, and drops the reply. */
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
   * Starts the attempt, or joins the one that runs, and waits for its end. The caller must read the result in one go, with
   * no `await` in between: a Cancel-Session that waited as well may be next.
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

  /** The application has asked for the file at its destination: why it is not there yet. */
  #publication(): Answer {
    return { offset: null, fault: this.#session.store.record?.commit?.fault ?? STILL_RUNNING.fault };
  }
}
