import { giveWay } from "./give-way.ts";
import type { UploadDirectory } from "../config/config.ts";
import type { BitsHandover } from "../origin/carrier.ts";
import { commitRequest, putRequest } from "../origin/commit-request.ts";
import { FAULTS } from "../protocol/faults.ts";
import { type CommitOutcome, mayHaveArrived } from "../protocol/reflect.ts";
import type { SessionRecord } from "../protocol/session-record.ts";
import { bury, orphan, seal, settle, stateOf } from "../protocol/transitions.ts";
import { signedUrlsOf } from "./signed-urls.ts";
import { withAnswer } from "./history.ts";
import { EntityReading } from "./read-entity.ts";
import type { Session } from "./session.ts";

/** How soon an object that died in the middle of a commit takes it up again. */
export const RESUME_AFTER_MS = 10_000;

/** A request whose body broke off here, whatever the application made of it: the fault is the edge's. */
const TORN = { kind: "silent", why: "connectionLost", context: 0x5 } as const;

/**
 * Hands a finished upload to the origin application. Theory of operation:
 *
 * An attempt is three steps. *Seal* stores "committing" and the key of the attempt. The *request* leaves when the seal is
 * on disk. *Settle* stores the outcome, and only then does the edge answer anyone. So the disk is right after a crash. If
 * it does not say "committing", the application has not heard of this attempt. If it says "committing" and no attempt
 * runs, the session is an orphan: nobody knows what the application did (ruling 19, outcome unknown).
 *
 * A session has at most one run of attempts under way, in `#running`; a packet that wants one joins it. A run belongs to
 * no packet and no alarm: the packet that began it may lose its client, and the alarm that took up an orphan has
 * returned long ago. So the run itself does what follows an attempt. It settles an orphan and tries again. If the
 * application was told on Close-Session and asked for the file at its destination, the run makes the PUT at once, since
 * no second Close-Session need come.
 *
 * The origin decides how long a run takes. `originTimeoutSeconds` limits the origin's silence, not its work: an upload of
 * 9 GB over a slow line takes hours. A packet waits for a run as long as its client has patience, and then its Ack says
 * that the commit goes on. The alarm rings every ten seconds, sees that the run is alive, and returns. If the alarm
 * waited, the runtime would abort it after 15 minutes, and its object with it (workerd,
 * src/workerd/api/global-scope.c++, `runAlarm`).
 *
 * If something cannot be stored, the run breaks and leaves the record as it is. The session is an orphan then: the next
 * Close-Session or the next alarm takes it up, with the same key.
 */
export class Outbox {
  readonly #session: Session;
  readonly #digest: (length: number) => Promise<string>;
  #running: Promise<void> | null = null;

  /** @param digest SHA-256 of the entity, base64, given its length */
  constructor(session: Session, digest: (length: number) => Promise<string>) {
    this.#session = session;
    this.#digest = digest;
  }

  /** Starts an attempt, or leaves the one that runs to itself. */
  start(directory: UploadDirectory): void {
    if (this.#running !== null) return;
    const { id, journal, staged, world } = this.#session;
    staged.discardOf(id); // every byte is here
    this.#session.isHandingOver = true;
    this.#running = this.#run(directory)
      .catch((error: unknown) => journal.write("failed", { during: "commit", error: String(error) }))
      .finally(() => {
        this.#running = null;
        this.#session.isHandingOver = false;
      });
    world.keepAlive(this.#running);
  }

  /** Waits for the attempt that runs, if any. @returns false if it still runs after `seconds` */
  async ended(seconds: number): Promise<boolean> {
    if (this.#running === null) return true;
    const limit = Promise.withResolvers<boolean>();
    const callOff = this.#session.world.after(seconds * 1000, () => limit.resolve(false));
    try {
      return await Promise.race([this.#running.then(() => true), limit.promise]);
    } finally {
      callOff();
    }
  }

  async #run(directory: UploadDirectory): Promise<void> {
    if (!this.#settleOrphan(directory)) return;
    await this.#attempt(directory);
    const { record } = this.#session.store;
    const isToBePlaced = record?.state === "delivered" && record.delivery?.copyToDestination === true;
    if (isToBePlaced && record.commit === null && directory.commitOn === "close-session")
      await this.#attempt(directory);
  }

  /** Settles an attempt whose instance is gone. @returns whether the upload is to be sent again */
  #settleOrphan(directory: UploadDirectory): boolean {
    const { store, journal, world } = this.#session;
    const { record } = store;
    if (record?.state !== "committing") return true;
    const left = orphan(record, directory, world.now());
    journal.writeOutcome(left, null, left.changedAt - record.changedAt);
    this.#session.settle(left);
    const isRunning = false; // asks for the state in which this attempt would leave the session
    return stateOf(left, left.total ?? 0, directory, isRunning) !== "held";
  }

  async #attempt(directory: UploadDirectory): Promise<void> {
    const { store, journal, world } = this.#session;
    const { record } = store;
    if (record === null) return;
    const digest = record.digest ?? (await this.#digest(record.total ?? 0));
    if (record.expectedDigest !== null && record.expectedDigest !== digest) {
      // Publish nothing and keep nothing, as for ruling 20, Close-Session before the last byte.
      this.#session.settle(bury(record, "discarded", world.now(), FAULTS.digestMismatch));
      journal.write("discarded", { because: FAULTS.digestMismatch.fault });
      return;
    }
    if (record.delivery === null) await this.#clearReply();
    const sealed = seal(record, digest, world.randomId(), directory, world.now());
    store.atomically(() => {
      store.save(sealed, sealed.changedAt + RESUME_AFTER_MS);
      this.#session.listed.putHere();
    });
    // "committing" is on disk before the application hears a byte: an edge that forgot it would send another key.
    await store.confirmed();
    journal.write("commit-started", { attempt: sealed.commit?.attempts ?? 0 });
    const outcome = await this.#deliver(sealed, directory);
    // The stored record also has how far the origin's BITS server has come.
    const settled = withAnswer(settle(store.record ?? sealed, outcome, directory, world.now()), outcome);
    this.#session.settle(settled);
    // If a PUT is still to follow, `settle` has cleared the record's commit, because the PUT gets its own key: the line
    // is about the attempt that ended.
    const ended = { ...settled, commit: settled.commit ?? sealed.commit };
    journal.writeOutcome(ended, outcome, settled.changedAt - sealed.changedAt);
  }

  /** Removes what an earlier attempt may have left of a reply. */
  async #clearReply(): Promise<void> {
    const { store, world } = this.#session;
    while (!store.removeSomeReply()) await giveWay(world);
  }

  async #deliver(sealed: SessionRecord, directory: UploadDirectory): Promise<CommitOutcome> {
    const { store, journal, world, config } = this.#session;
    const reading = new EntityReading(store.fragments, world);
    const mostReplyBytes = Math.min(directory.maximumUploadBytes, world.segmentSizes().mostBytes);
    const { id = "" } = sealed.commit ?? {};
    const upload = {
      ...sealed,
      commitId: id,
      digest: sealed.digest ?? "",
      signedUrls: await signedUrlsOf(sealed, directory, world),
    };
    const outcome = await world.commit({
      // If the application has accepted the upload, this attempt puts the file at its destination ([MC-BUP] 3.2.5.2.7).
      request: (sealed.delivery === null ? commitRequest : putRequest)(upload, directory, config),
      entity: (start, end) => reading.read(start, end),
      length: sealed.total ?? 0,
      silenceSeconds: directory.originTimeoutSeconds,
      reachedAt: sealed.commit?.reachedAt ?? null,
      mayRepeat: directory.notification === "none" || directory.unknownOutcome === "retry",
      takeReply: repliesByValue(sealed, directory)
        ? (bytes) => {
            // What the store has now: it begins anew with a step that the disk refuses, and the mover may be at work.
            if (store.reply.length + bytes.byteLength > mostReplyBytes) return false;
            store.reply.append(bytes, world.now());
            return true;
          }
        : null,
      bits: directory.handover === "bits" ? this.#bitsHandover(sealed, directory) : null,
    });
    if (reading.error === null || outcome.kind === "accepted") return outcome;
    journal.write("failed", { during: "read", error: reading.error });
    return { ...TORN, mayHaveArrived: mayHaveArrived(outcome) };
  }

  /** The hand-over by the origin's BITS server. The record keeps how far that server's session has come. */
  #bitsHandover(sealed: SessionRecord, directory: UploadDirectory): BitsHandover {
    const { store, world, config } = this.#session;
    const isTold = directory.commitOn === "last-fragment";
    return {
      step: !isTold ? "all" : sealed.delivery === null ? "fragments" : "close",
      session: sealed.origin ?? null,
      save: async (origin) => {
        const { record } = store;
        if (record === null) return;
        store.atomically(() => store.save({ ...record, origin }, world.now() + RESUME_AFTER_MS));
        await store.confirmed(); // a socket does not wait for the output gate
      },
      fragmentBytes: directory.originFragmentBytes,
      hosts: directory.originHosts,
      originUrl: config.originUrl,
      clientUrl: config.publicUrl ?? new URL(sealed.originalUrl).origin,
      mayStartOver: directory.unknownOutcome === "retry",
    };
  }
}

function repliesByValue(record: SessionRecord, { reply, notification }: UploadDirectory): boolean {
  return reply && notification === "by-value" && record.delivery === null;
}
