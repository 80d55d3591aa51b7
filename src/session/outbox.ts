import type { Config, UploadDirectory } from "../config.ts";
import { commit } from "../origin/commit.ts";
import { commitRequest } from "../origin/commit-request.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import { orphan, seal, type SessionRecord, settle, stateOf } from "./session-record.ts";
import type { SessionStore } from "./session-store.ts";

/** How soon an object that died in the middle of a commit takes it up again. */
const RESUME_AFTER_MS = 10_000;

/** What the session's owner is told of a commit, for its log. */
export interface OutboxEvents {
  started(attempt: number): void;
  /** `outcome` is null where the instance that made the attempt died and nobody saw it end. */
  ended(record: SessionRecord, outcome: CommitOutcome | null): void;
  /** The attempt broke on our side. */
  failed(error: unknown): void;
}

/**
 * Hands a finished upload to the origin application, one attempt at a time: sealed and stored as
 * "committing" before the request leaves, settled and stored before anyone is answered. A record in
 * "committing" while nothing runs here is an orphan: the instance that sent it is gone, and what the
 * application did is unknown (ruling 19).
 */
export class Outbox {
  readonly #store: SessionStore;
  readonly #events: OutboxEvents;
  #running: Promise<void> | null = null;

  constructor(store: SessionStore, events: OutboxEvents) {
    this.#store = store;
    this.#events = events;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /**
   * Starts an attempt, or joins the one that runs.
   *
   * @returns whether it has ended within `directory.originTimeoutSeconds`; if not, it goes on
   */
  async deliver(directory: UploadDirectory, config: Config): Promise<boolean> {
    if (this.#running === null) this.#start(directory, config);
    return await this.ended(directory.originTimeoutSeconds);
  }

  /** Waits for the attempt that runs, if any. @returns false where it still runs after `seconds` */
  async ended(seconds: number): Promise<boolean> {
    const running = this.#running;
    if (running === null) return true;
    let timer: number | null = null;
    const limit = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), seconds * 1000);
    });
    try {
      return await Promise.race([running.then(() => true), limit]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** For the alarm of a session in "committing": takes an orphan up again, and stays with it. */
  async resume(directory: UploadDirectory, config: Config): Promise<void> {
    if (this.#running === null) this.#start(directory, config);
    else this.#store.wakeAt(Date.now() + RESUME_AFTER_MS);
    await this.#running;
  }

  #start(directory: UploadDirectory, config: Config): void {
    let record = this.#store.record;
    if (record === null) return;
    if (record.state === "committing") {
      record = orphan(record, Date.now());
      this.#events.ended(record, null);
      this.#settle(record, directory);
      if (stateOf(record, record.total ?? 0, directory) === "held") return;
    }
    const now = Date.now();
    const sealed = seal(record, crypto.randomUUID(), now);
    // The output gate holds every outgoing request until the writes before it are confirmed, so
    // "committing" is on disk before the application hears a byte.
    this.#store.atomically(() => {
      this.#store.save(sealed);
      this.#store.wakeAt(now + RESUME_AFTER_MS);
    });
    this.#events.started(sealed.commit?.attempts ?? 0);
    this.#running = this.#attempt(sealed, directory, config)
      // The record stays in "committing": an orphan, which the next Close-Session or alarm takes up.
      .catch((error: unknown) => this.#events.failed(error))
      .finally(() => {
        this.#running = null;
      });
  }

  async #attempt(sealed: SessionRecord, directory: UploadDirectory, config: Config): Promise<void> {
    const length = sealed.total ?? 0;
    const { id = "", unknown = false } = sealed.commit ?? {};
    const request = commitRequest({ ...sealed, commitId: id, length }, directory, config);
    const entity = () => this.#store.fragments.read();
    const outcome = await commit(request, entity, length, directory.originTimeoutSeconds, unknown);
    const settled = settle(sealed, outcome, Date.now());
    this.#settle(settled, directory);
    this.#events.ended(settled, outcome);
  }

  /** Stores a result and, in the same transaction, releases the bytes if they are delivered. */
  #settle(record: SessionRecord, directory: UploadDirectory): void {
    this.#store.atomically(() => {
      this.#store.save(record);
      if (record.state === "committed") this.#store.fragments.discard();
      this.#store.wakeAt(record.changedAt + directory.sessionTimeoutSeconds * 1000);
    });
  }
}
