import type { Config, UploadDirectory } from "../config/config.ts";
import { commit } from "../origin/commit.ts";
import { commitRequest, putRequest } from "../origin/commit-request.ts";
import { FAULTS } from "../protocol/faults.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import { formatSignedUrl } from "../signed/signed-url.ts";
import type { SessionJournal } from "./session-journal.ts";
import type { SessionRecord } from "../protocol/session-record.ts";
import { bury, orphan, seal, settle, stateOf } from "../protocol/transitions.ts";
import type { SessionStore } from "./session-store.ts";

/** How soon an object that died in the middle of a commit takes it up again. */
export const RESUME_AFTER_MS = 10_000;

/**
 * Hands a finished upload to the origin application, one attempt at a time: sealed and stored as
 * "committing" before the request leaves, settled and stored before anyone is answered. A record in
 * "committing" while nothing runs here is an orphan: the instance that sent it is gone, and what the
 * application did is unknown (ruling 19).
 */
export class Outbox {
  readonly #store: SessionStore;
  readonly #journal: SessionJournal;
  readonly #digest: (length: number) => Promise<string>;
  #running: Promise<void> | null = null;

  /** @param digest SHA-256 of the entity, base64, given its length */
  constructor(store: SessionStore, journal: SessionJournal, digest: (length: number) => Promise<string>) {
    this.#store = store;
    this.#journal = journal;
    this.#digest = digest;
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
    else this.#store.wakeBy(Date.now() + RESUME_AFTER_MS);
    await this.#running;
  }

  #start(directory: UploadDirectory, config: Config): void {
    this.#running = this.#run(directory, config)
      // The record stays in "committing": an orphan, which the next Close-Session or alarm takes up.
      .catch((error: unknown) => this.#journal.write("failed", { during: "commit", error: String(error) }))
      .finally(() => {
        this.#running = null;
      });
  }

  async #run(directory: UploadDirectory, config: Config): Promise<void> {
    if (this.#store.record?.state === "committing") {
      const left = orphan(this.#store.record, directory, Date.now());
      this.#journal.writeOutcome(left, null, left.changedAt - this.#store.record.changedAt);
      this.#settle(left, directory);
      const isRunning = false; // asks for the state in which this attempt would leave the session
      if (stateOf(left, left.total ?? 0, directory, isRunning) === "held") return;
    }
    const record = this.#store.record;
    if (record === null) return;
    const digest = record.digest ?? (await this.#digest(record.total ?? 0));
    if (record.expectedDigest !== null && record.expectedDigest !== digest) {
      // Nothing of it is published, and nothing is left to send again: ruling 20's way.
      const buried = bury(record, "discarded", Date.now(), FAULTS.digestMismatch);
      this.#settle(buried, directory);
      this.#journal.write("discarded", { because: FAULTS.digestMismatch.fault });
      this.#journal.countOff();
      return;
    }
    const now = Date.now();
    const sealed = seal(record, digest, crypto.randomUUID(), now);
    this.#store.atomically(() => {
      if (sealed.delivery === null) this.#store.reply.discard();
      this.#store.save(sealed);
      this.#store.wakeBy(now + RESUME_AFTER_MS);
    });
    // "committing" is on disk before the application hears a byte: an edge that forgot it would send another key.
    await this.#store.confirmed();
    this.#journal.write("commit-started", { attempt: sealed.commit?.attempts ?? 0 });
    const outcome = await this.#attempt(sealed, directory, config);
    const settled = settle(sealed, outcome, directory, Date.now());
    this.#settle(settled, directory);
    // Where something is left to do, the next request has a key of its own, and the record has done with this one.
    const ended = { ...settled, commit: settled.commit ?? sealed.commit };
    this.#journal.writeOutcome(ended, outcome, settled.changedAt - sealed.changedAt);
    if (ended.state === "committed") this.#journal.countOff();
  }

  async #attempt(sealed: SessionRecord, directory: UploadDirectory, config: Config): Promise<CommitOutcome> {
    const { id = "", attempts = 0 } = sealed.commit ?? {};
    const upload = {
      ...sealed,
      commitId: id,
      digest: sealed.digest ?? "",
      dataUrls: await dataUrls(sealed, directory, config),
    };
    const { reply, fragments } = this.#store;
    return await commit({
      // What the application has taken already is now put where it asked for ([MC-BUP] 3.2.5.2.7).
      request: (sealed.delivery === null ? commitRequest : putRequest)(upload, directory, config),
      connection: config.originConnection,
      entity: () => fragments.read(),
      length: sealed.total ?? 0,
      silenceSeconds: directory.originTimeoutSeconds,
      isRepetition: attempts > 1,
      takeReply: repliesByValue(sealed, directory)
        ? (bytes) => {
            if (reply.length + bytes.byteLength > directory.maximumUploadBytes) return false;
            reply.append(bytes, Date.now());
            return true;
          }
        : null,
    });
  }

  /** Stores a result, and releases the bytes that nobody needs any more. */
  #settle(record: SessionRecord, directory: UploadDirectory): void {
    this.#store.atomically(() => {
      this.#store.saveAndRelease(record, record.changedAt + directory.sessionTimeoutSeconds * 1000);
    });
  }
}

function repliesByValue(record: SessionRecord, { reply, notification }: UploadDirectory): boolean {
  return reply && notification === "by-value" && record.delivery === null;
}

/** For an application that is notified by reference; they live as long as the session may. */
async function dataUrls(
  { sessionId, originalUrl }: SessionRecord,
  directory: UploadDirectory,
  { publicUrl, sessionKeys: [key = ""] }: Config,
): Promise<{ entity: string; reply: string }> {
  if (directory.notification !== "by-reference") return { entity: "", reply: "" };
  const base = publicUrl ?? new URL(originalUrl).origin;
  const expiresAt = Date.now() + directory.sessionTimeoutSeconds * 1000;
  return {
    entity: await formatSignedUrl("entity", base, directory, sessionId, expiresAt, key),
    reply: await formatSignedUrl("new-reply", base, directory, sessionId, expiresAt, key),
  };
}
