import { DurableObject } from "cloudflare:workers";
import { type Config, directoryOf, readConfig, type UploadDirectory } from "../config/config.ts";
import { log } from "../runtime/log.ts";
import { FAULTS } from "../protocol/faults.ts";
import { type SessionState, stateOf, TRANSITIONS } from "../protocol/transitions.ts";
import { type Answer, resultOf, UNKNOWN } from "../protocol/session-answer.ts";
import type { SignedUrlKind } from "../signed/signed-url.ts";
import { Ending } from "./ending.ts";
import { Intake, type Piece } from "./intake.ts";
import { Lifetime } from "./lifetime.ts";
import { Outbox } from "./outbox.ts";
import { replyUrlOf } from "./reply-url.ts";
import { appendReply, type DataSize, measure, streamOf } from "./session-data.ts";
import { SessionJournal } from "./session-journal.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import type { SessionBindings } from "./session-bindings.ts";
import { SessionStore } from "./session-store.ts";
import { StagedPieces } from "./staged-pieces.ts";

/** How soon an alarm that went wrong is tried again. Alarms never throw: the sixth throw is the last. */
const ALARM_RETRY_MS = 60_000;

/**
 * One upload session: its record, its bytes and its one commit. A packet finds where the session
 * stands, asks the table of protocol/transfer.ts what to do, has it done and stored, and is answered;
 * the answer leaves when what it says is on disk.
 */
export class UploadSession extends DurableObject<SessionBindings> {
  readonly #store = new SessionStore(this.ctx.storage);
  readonly #lifetime = new Lifetime(this.#store, () => this.config());
  readonly #journal = new SessionJournal({
    name: this.ctx.id.name ?? null,
    store: this.#store,
    counters: this.env.SESSION_COUNTERS,
    directory: (destination) => this.#directory(destination),
    waitUntil: (work) => this.ctx.waitUntil(work),
  });
  readonly #intake = new Intake(
    this.#store,
    new StagedPieces(this.ctx.storage.sql),
    this.#lifetime,
    this.#journal,
  );
  readonly #outbox = new Outbox(
    this.#store,
    this.#journal,
    async (length) => await this.#intake.digestOf(length),
  );
  readonly #ending = new Ending({
    store: this.#store,
    outbox: this.#outbox,
    lifetime: this.#lifetime,
    journal: this.#journal,
    config: () => this.config(),
    directory: () => this.#directory(),
    state: () => this.#state(),
  });

  /** Another app may bring its own: override this beside `bits(config)`. */
  protected config(): Config {
    return readConfig(this.env);
  }

  /** Create-Session announced the digest of what will come; nothing else of it needs to be kept. */
  announce(packet: SessionPacket): void {
    this.#intake.announce(packet);
  }

  /** A piece of a Fragment. Synchronous: the check of the offset and the insertion are one step. */
  append(packet: SessionPacket, piece: Piece): Answer {
    const state = this.#stateFor(packet);
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

  /** A piece of a Fragment whose digest is still to be checked. */
  stage(packet: SessionPacket, fragment: string, bytes: Uint8Array): void {
    const state = this.#stateFor(packet);
    // Of what would not be stored anyway nothing needs to be kept; `adopt` says why.
    if (state !== null && TRANSITIONS[state].Fragment === "store")
      this.#intake.stage(packet, fragment, bytes);
  }

  /** The Fragment is what its client meant: its pieces are stored, all in one step, as if they had just come. */
  adopt(packet: SessionPacket, fragment: string, first: number, total: number): Answer {
    return this.#intake.adopt(fragment, first, total, (piece) => this.append(packet, piece));
  }

  /** The Fragment is not what its client meant, or never came whole. */
  unstage(fragment: string): void {
    this.#intake.unstage(fragment);
  }

  /** The offset for the Ack of a Fragment that was refused at the door (ruling 4); null: unknown session. */
  offset(packet: SessionPacket): number | null {
    return this.#stateFor(packet) === null ? null : this.#store.offset;
  }

  /**
   * The Fragment that leaves nothing missing, in a directory that commits there: its Ack carries the
   * application's error, or its reply (rulings 14 and 15).
   */
  async complete(packet: SessionPacket): Promise<Answer> {
    const state = this.#stateFor(packet);
    if (state === null) return UNKNOWN;
    const { offset } = this.#store;
    switch (TRANSITIONS[state].Complete) {
      case "commit":
      case "join":
        return { ...(await this.#ending.commit()), offset, replyUrl: await this.#replyUrl() };
      case "replay":
        return { ...resultOf(state, this.#store.record), offset, replyUrl: await this.#replyUrl() };
      case "deny":
        return UNKNOWN;
    }
  }

  /** Close-Session: the upload is handed to the application, or its earlier answer is given again. */
  async close(packet: SessionPacket): Promise<Answer> {
    const state = this.#stateFor(packet);
    if (state === null) return UNKNOWN;
    switch (TRANSITIONS[state].Close) {
      case "commit":
      case "join":
        return await this.#ending.commitAndFinish();
      case "finish":
        return await this.#ending.finish();
      case "replay":
        return resultOf(state, this.#store.record);
      case "discard":
        this.#ending.bury(packet, "discarded");
        return resultOf("discarded", this.#store.record);
      case "deny":
        return UNKNOWN;
    }
  }

  /** Cancel-Session: everything is deleted, unless the application has it already (ruling 21). */
  async cancel(packet: SessionPacket): Promise<Answer> {
    if (this.#store.isUnreadable) {
      await this.erase(packet);
      return { offset: null, fault: null };
    }
    const state = this.#stateFor(packet);
    if (state === null) return UNKNOWN;
    switch (TRANSITIONS[state].Cancel) {
      case "await":
        // The attempt leaves another state when it ends, or is out of reach: the client comes again.
        return (await this.#hasEnded(packet))
          ? await this.cancel(packet)
          : { offset: null, fault: FAULTS.edgeFailed };
      case "cancel":
        this.#ending.bury(packet, "cancelled");
        return { offset: null, fault: null };
      case "acknowledge":
        return { offset: null, fault: null };
    }
  }

  /** Cancel-Session where no tombstone can be made, for want of room or of a record: the whole storage goes. */
  async erase(packet: SessionPacket): Promise<void> {
    if (!this.#store.isUnreadable && this.#stateFor(packet) === null) return;
    this.#journal.write("cancelled", {}, packet);
    await this.#forget();
  }

  /** Takes up a commit that nobody runs any more, and removes sessions whose time is over. */
  override async alarm(): Promise<void> {
    this.#store.rang();
    try {
      if (this.#store.isUnreadable && this.#lifetime.latestEndOf(this.ctx.id.name ?? "") <= Date.now()) {
        await this.#expire("unreadable");
        return;
      }
      const record = this.#store.record;
      const directory = this.#directory();
      if (record?.state === "committing" && directory !== null) {
        await this.#ending.resume(record, directory);
      } else if (record === null || this.#lifetime.endOf(record) <= Date.now()) {
        await this.#expire(this.#state());
      } else {
        this.#store.atomically(() => {
          this.#store.release();
          this.#store.wakeBy(this.#lifetime.endOf(record));
        });
      }
    } catch (error) {
      this.#store.wakeBy(Date.now() + ALARM_RETRY_MS);
      // Without the journal, which asks both: what cannot be read may be the record, or the configuration.
      log("failed", { during: "alarm", session: this.ctx.id.name ?? null, error: String(error) });
    }
  }

  /** What a signed URL names, if it is here. A download counts as a packet does (ruling 23). */
  measure(kind: SignedUrlKind): DataSize | null {
    const { record } = this.#store;
    if (record === null || this.#lifetime.endOf(record) <= Date.now()) return null;
    this.#lifetime.heard(Date.now());
    return measure(this.#store, kind);
  }

  /** The bytes from `start` up to, not including, `end` of what `measure` found. */
  read(kind: SignedUrlKind, start: number, end: number): ReadableStream<Uint8Array> {
    return streamOf(kind === "entity" ? this.#store.fragments : this.#store.reply, start, end);
  }

  /** Bytes of a reply that an application PUTs while it is being notified by reference. */
  appendReply(first: number, bytes: Uint8Array): ReturnType<typeof appendReply> {
    return appendReply(this.#store, first, bytes, this.#directory()?.maximumUploadBytes ?? 0);
  }

  /** Where the session stands for this packet; null where it is over and nobody knows it any more. */
  #stateFor(packet: SessionPacket): SessionState | null {
    const now = Date.now();
    if (this.#lifetime.endFor(packet) <= now && !this.#outbox.isRunning) return null;
    this.#lifetime.heard(now);
    return this.#state();
  }

  #state(): SessionState {
    const { record, fragments } = this.#store;
    return stateOf(record, fragments.length, this.#directory(), this.#outbox.isRunning);
  }

  /** Waits for the attempt that runs, as long as a Close-Session does. */
  async #hasEnded({ destination }: SessionPacket): Promise<boolean> {
    return await this.#outbox.ended(this.#directory(destination)?.originTimeoutSeconds ?? 0);
  }

  async #replyUrl(): Promise<string | null> {
    const { record } = this.#store;
    return record === null ? null : await replyUrlOf(record, this.#directory(), this.config());
  }

  async #expire(state: SessionState | "unreadable"): Promise<void> {
    this.#journal.write("expired", { state });
    await this.#forget();
  }

  /** Removes everything that is stored, and what this instance remembers of it: a packet may still come. */
  async #forget(): Promise<void> {
    await this.#store.forget();
    this.#intake.forget();
  }

  #directory(destination = this.#store.knownRecord?.destination): UploadDirectory | null {
    return destination === undefined ? null : directoryOf(this.config(), destination);
  }
}
