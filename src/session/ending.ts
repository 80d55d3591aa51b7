import type { Config, UploadDirectory } from "../config/config.ts";
import { FAULTS } from "../protocol/faults.ts";
import { bury, finish, isFinal, open, type SessionState } from "../protocol/transitions.ts";
import { type Answer, resultOf, STILL_RUNNING, UNKNOWN } from "../protocol/session-answer.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Outbox } from "./outbox.ts";
import type { SessionJournal } from "./session-journal.ts";
import type { SessionPacket, SessionRecord } from "../protocol/session-record.ts";
import type { SessionStore } from "./session-store.ts";

/** What a session's end needs to know, and whom it tells. */
export interface EndingSources {
  readonly store: SessionStore;
  readonly outbox: Outbox;
  readonly lifetime: Lifetime;
  readonly journal: SessionJournal;
  readonly config: () => Config;
  /** The session's own; null where it has left the configuration. */
  readonly directory: () => UploadDirectory | null;
  readonly state: () => SessionState;
}

/**
 * How a session ends: with a commit, and what the application's acceptance has left to do; or without one. A tombstone
 * stays in its place until its time is over.
 */
export class Ending {
  readonly #sources: EndingSources;

  constructor(sources: EndingSources) {
    this.#sources = sources;
  }

  /** Hands the upload to the application, or joins the attempt that runs. */
  async commit(): Promise<Answer> {
    const { outbox, config } = this.#sources;
    const directory = this.#sources.directory();
    if (directory === null) return { offset: null, fault: FAULTS.uploadsNotEnabled };
    const ended = await outbox.deliver(directory, config());
    return ended ? this.#result() : STILL_RUNNING;
  }

  /** The same, and after the acceptance what it has left to do. */
  async commitAndFinish(): Promise<Answer> {
    // What runs may be the application's turn, or, for another Close-Session, the file's way to its place.
    const wasDelivered = this.#sources.store.record?.delivery !== null;
    const answer = await this.commit();
    // Not by the state: of two that waited for the acceptance, the first has sent the file on its way already.
    if (!this.#isUnfinished()) return answer;
    return wasDelivered ? this.#publication() : await this.finish();
  }

  /** What an acceptance left to do: the file's way to its destination, and the end of the reply. */
  async finish(): Promise<Answer> {
    const { store, journal } = this.#sources;
    const { record } = store;
    if (record === null || record.delivery === null) return UNKNOWN;
    if (record.delivery.copyToDestination) {
      if (isFinal(record)) return this.#publication();
      const answer = await this.commit();
      return this.#isUnfinished() ? this.#publication() : answer;
    }
    this.#end(finish(record, Date.now()));
    journal.write("finished");
    journal.countOff();
    return this.#result();
  }

  /** Takes up a commit that nobody runs any more. `record` is "committing". */
  async resume(record: SessionRecord, directory: UploadDirectory): Promise<void> {
    const { outbox, config, state } = this.#sources;
    await outbox.resume(directory, config());
    // An application that is told on Close-Session may want the file as well: the packet that would say so again
    // has been sent, and its client need not come back.
    const isTold = record.delivery === null && state() === "delivered";
    if (isTold && directory.commitOn === "close-session") await this.finish();
  }

  /** Ends a session without a commit. */
  bury(packet: SessionPacket, state: "discarded" | "cancelled"): void {
    const { store, journal } = this.#sources;
    const now = Date.now();
    this.#end(bury(store.record ?? open(packet, null, now), state, now));
    journal.write(state);
    journal.countOff();
  }

  /** Stores a tombstone, and releases the bytes. */
  #end(tombstone: SessionRecord): void {
    const { store, lifetime } = this.#sources;
    const until = tombstone.changedAt + lifetime.timeoutMs(tombstone.destination);
    store.atomically(() => store.saveAndRelease(tombstone, until));
  }

  #result(): Answer {
    return resultOf(this.#sources.state(), this.#sources.store.record);
  }

  /** Whether the application has taken the upload, and there is something left to do. */
  #isUnfinished(): boolean {
    return (this.#sources.store.record?.delivery ?? null) !== null;
  }

  /** Why the file is not at its destination yet, which the application has asked for. */
  #publication(): Answer {
    return { offset: null, fault: this.#sources.store.record?.commit?.fault ?? STILL_RUNNING.fault };
  }
}
