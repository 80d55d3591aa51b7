import { DurableObject } from "cloudflare:workers";
import { type Config, directoryOf, readConfig, type UploadDirectory } from "../config.ts";
import type { Env } from "../env.ts";
import { letGo } from "../let-go.ts";
import { log } from "../log.ts";
import { FAULTS, isFault } from "../protocol/faults.ts";
import { planPiece, type SessionState, TRANSITIONS } from "../protocol/transfer.ts";
import { type Answer, resultOf, STILL_RUNNING, UNKNOWN } from "./answer.ts";
import type { DataKind } from "./data-url.ts";
import { digestOf, EntityDigest } from "./entity-digest.ts";
import { Lifetime } from "./lifetime.ts";
import { Outbox, RESUME_AFTER_MS } from "./outbox.ts";
import { replyUrlOf } from "./reply-url.ts";
import { appendReply, type DataSize, measure, streamOf } from "./session-data.ts";
import { SessionJournal } from "./session-journal.ts";
import {
  bury,
  finish,
  isFinal,
  open,
  type SessionPacket,
  type SessionRecord,
  stateOf,
} from "./session-record.ts";
import { SessionStore } from "./session-store.ts";
import { StagedPieces } from "./staged-pieces.ts";

/** A run of a Fragment's bytes, at most 1 MiB: its place in the entity, and the entity's length. */
export interface Piece {
  readonly first: number;
  readonly total: number;
  readonly bytes: Uint8Array;
}

/** How soon an alarm that went wrong is tried again. Alarms never throw: the sixth throw is the last. */
const ALARM_RETRY_MS = 60_000;

/**
 * One upload session: its record, its bytes and its one commit. A packet finds where the session
 * stands, asks the table of protocol/transfer.ts what to do, has it done and stored, and is answered;
 * the answer leaves when what it says is on disk.
 */
export class UploadSession extends DurableObject<Env> {
  readonly #store = new SessionStore(this.ctx.storage);
  readonly #staged = new StagedPieces(this.ctx.storage.sql);
  #digest = new EntityDigest();
  readonly #journal = new SessionJournal({
    name: this.ctx.id.name ?? null,
    store: this.#store,
    counters: this.env.SESSION_COUNTERS,
    directory: (destination) => this.#directory(destination),
    offset: () => this.#offset(),
    waitUntil: (work) => this.ctx.waitUntil(work),
  });
  readonly #outbox = new Outbox(this.#store, async (length) => await this.#digestOf(length), {
    started: (attempt) => this.#journal.write("commit-started", { attempt }),
    ended: (record, outcome, milliseconds) => {
      this.#journal.writeOutcome(record, outcome, milliseconds);
      if (record.state === "committed") this.#journal.countOff();
    },
    discarded: () => {
      this.#journal.write("discarded", { because: FAULTS.digestMismatch.fault });
      this.#journal.countOff();
    },
    failed: (error) => this.#journal.write("failed", { during: "commit", error: String(error) }),
  });
  readonly #lifetime = new Lifetime(this.#store, () => this.config());

  /** Another app may bring its own: override this beside `bits(config)`. */
  protected config(): Config {
    return readConfig(this.env);
  }

  /** Create-Session announced the digest of what will come; nothing else of it needs to be kept. */
  announce(packet: SessionPacket): void {
    if (this.#store.record !== null) return;
    const now = Date.now();
    this.#store.atomically(() => {
      this.#store.save(open(packet, null, now));
      this.#store.wakeBy(now + this.#lifetime.timeoutMs(packet.destination));
    });
  }

  /** A piece of a Fragment. Synchronous: the check of the offset and the insertion are one step. */
  append(packet: SessionPacket, piece: Piece): Answer {
    const state = this.#stateFor(packet);
    if (state === null) return UNKNOWN;
    switch (TRANSITIONS[state].Fragment) {
      case "store":
        return this.#append(packet, piece);
      case "acknowledge":
        return this.#acknowledge(piece);
      default:
        return UNKNOWN;
    }
  }

  /** The offset for the Ack of a Fragment that was refused at the door (ruling 4); null: unknown session. */
  offset(packet: SessionPacket): number | null {
    return this.#stateFor(packet) === null ? null : this.#offset();
  }

  /**
   * The Fragment that leaves nothing missing, in a directory that commits there: its Ack carries the
   * application's error, or its reply (rulings 14 and 15).
   */
  async complete(packet: SessionPacket): Promise<Answer> {
    const state = this.#stateFor(packet);
    if (state === null) return UNKNOWN;
    const offset = this.#offset();
    switch (TRANSITIONS[state].Complete) {
      case "commit":
      case "join":
        return { ...(await this.#commit()), offset, replyUrl: await this.#replyUrl() };
      case "replay":
        return { ...resultOf(this.#state(), this.#store.record), offset, replyUrl: await this.#replyUrl() };
      default:
        return UNKNOWN;
    }
  }

  /** Close-Session: the upload is handed to the application, or its earlier answer is given again. */
  async close(packet: SessionPacket): Promise<Answer> {
    const state = this.#stateFor(packet);
    if (state === null) return UNKNOWN;
    switch (TRANSITIONS[state].Close) {
      case "commit":
      case "join": {
        // What runs may be the application's turn, or, for another Close-Session, the file's way to its place.
        const wasDelivered = this.#store.record?.delivery !== null;
        const answer = await this.#commit();
        // Not by the state: of two that waited for the acceptance, the first has sent the file on its way already.
        if (!this.#isUnfinished()) return answer;
        return wasDelivered ? this.#publication() : await this.#finish();
      }
      case "finish":
        return await this.#finish();
      case "replay":
        return resultOf(this.#state(), this.#store.record);
      case "discard":
        this.#bury(packet, "discarded");
        return resultOf(this.#state(), this.#store.record);
      default:
        return UNKNOWN;
    }
  }

  /** Cancel-Session: everything is deleted, unless the application has it already (ruling 21). */
  async cancel(packet: SessionPacket): Promise<Answer> {
    // What a running commit comes to decides what is left to cancel.
    const ended = await this.#outbox.ended(this.#directory(packet.destination)?.originTimeoutSeconds ?? 0);
    if (!ended) return { offset: null, fault: FAULTS.edgeFailed };
    if (this.#store.isUnreadable) {
      await this.erase(packet);
      return { offset: null, fault: null };
    }
    const state = this.#stateFor(packet);
    if (state === null) return UNKNOWN;
    if (TRANSITIONS[state].Cancel !== "acknowledge") this.#bury(packet, "cancelled");
    return { offset: null, fault: null };
  }

  /** Takes up a commit that nobody runs any more, and removes sessions whose time is over. */
  override async alarm(): Promise<void> {
    this.#store.rang();
    try {
      if (this.#store.isUnreadable && this.#lifetime.latestEndOf(this.ctx.id.name ?? "") <= Date.now()) {
        this.#journal.write("expired", { state: "unreadable" });
        await this.#forget();
        return;
      }
      const record = this.#store.record;
      const directory = this.#directory();
      if (record?.state === "committing" && directory !== null) {
        await this.#outbox.resume(directory, this.config());
        // An application that is told on Close-Session may want the file as well: the packet that would say so again
        // has been sent, and its client need not come back.
        const isTold = record.delivery === null && this.#state() === "delivered";
        if (isTold && directory.commitOn === "close-session") await this.#finish();
      } else if (record === null || this.#lifetime.endOf(record) <= Date.now()) {
        this.#journal.write("expired", { state: this.#state() });
        await this.#forget();
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

  /** Keeps a piece of a Fragment whose digest is still to be checked. */
  stage(packet: SessionPacket, fragment: string, bytes: Uint8Array): void {
    const state = this.#stateFor(packet);
    // Of what would not be stored anyway nothing needs to be kept; `adopt` says why.
    if (state === null || TRANSITIONS[state].Fragment !== "store") return;
    // A record and its alarm, so that what a client leaves here for ever is removed like everything else.
    this.announce(packet);
    this.#staged.add(fragment, bytes);
    this.#journal.write("staged", { bytes: bytes.byteLength });
  }

  /** The Fragment is what its client meant: its pieces are stored, all in one step, as if they had just come. */
  adopt(packet: SessionPacket, fragment: string, first: number, total: number): Answer {
    let start = first;
    // With no bytes this asks where the session stands, which is also the answer for an empty entity.
    let answer = this.append(packet, {
      first: Math.min(first, this.#offset()),
      total,
      bytes: new Uint8Array(0),
    });
    for (const bytes of this.#staged.read(fragment)) {
      if (answer.fault !== null) break;
      answer = this.append(packet, { first: start, total, bytes });
      start += bytes.byteLength;
    }
    this.#staged.discard(fragment);
    return answer;
  }

  /** The Fragment is not what its client meant, or never came whole. */
  unstage(fragment: string): void {
    this.#staged.discard(fragment);
  }

  /** Cancel-Session where no tombstone can be made, for want of room or of a record: the whole storage goes. */
  async erase(packet: SessionPacket): Promise<void> {
    if (!this.#store.isUnreadable && this.#stateFor(packet) === null) return;
    this.#journal.write("cancelled", {}, packet);
    await this.#forget();
  }

  /** What a data URL names, if it is here. A download counts as a packet does (ruling 23). */
  measure(kind: DataKind): DataSize | null {
    const { record } = this.#store;
    if (record === null || this.#lifetime.endOf(record) <= Date.now()) return null;
    this.#lifetime.heard(Date.now());
    return measure(this.#store, kind);
  }

  /** The bytes from `start` up to, not including, `end` of what `measure` found. */
  read(kind: DataKind, start: number, end: number): ReadableStream<Uint8Array> {
    return streamOf(kind === "entity" ? this.#store.fragments : this.#store.reply, start, end);
  }

  /** Bytes of a reply that an application PUTs while it is being notified by reference. */
  appendReply(first: number, bytes: Uint8Array): ReturnType<typeof appendReply> {
    return appendReply(this.#store, first, bytes, this.#directory()?.maximumUploadBytes ?? 0);
  }

  #append(packet: SessionPacket, { first, total, bytes }: Piece): Answer {
    const { fragments, record } = this.#store;
    const before = fragments.length;
    const progress = { offset: before, total: record?.total ?? null };
    const plan = planPiece(progress, { first, length: bytes.byteLength, total });
    if (isFault(plan)) return { offset: before, fault: plan };
    const now = Date.now();
    const isFirst = record === null || record.total === null;
    const news = bytes.subarray(plan.skip);
    try {
      if (isFirst) this.#begin(packet, total, news, now);
      else fragments.append(news, now); // one statement: a transaction by itself
    } catch (error) {
      this.#journal.write("failed", { during: "append", error: String(error) });
      const isFull = /SQLITE_FULL|disk is full/i.test(String(error));
      return { offset: this.#offset(), fault: isFull ? FAULTS.storageFull : FAULTS.edgeFailed };
    }
    const offset = fragments.length;
    // The memory of a piece goes at once: left to the garbage collector, 64 uploads leave half a GiB behind.
    void this.#digest.append(before, news).then(() => letGo(bytes));
    if (isFirst) {
      this.#journal.write("started", { total });
      this.#journal.countOn(now + this.#lifetime.timeoutMs(packet.destination));
    }
    if (before > first && !isFirst) this.#journal.write("resumed", { first });
    if (offset === total && (before < total || isFirst)) this.#journal.write("completed");
    return { offset, fault: null };
  }

  /** The first piece, which brings the record and the alarm with it. */
  #begin(packet: SessionPacket, total: number, bytes: Uint8Array, now: number): void {
    const timeoutMs = this.#lifetime.timeoutMs(packet.destination);
    const expectedDigest = this.#store.record?.expectedDigest ?? packet.expectedDigest;
    // An upload that is whole will be closed in a moment: one alarm serves this, the commit and the tombstone.
    const isWhole = bytes.byteLength === total;
    this.#store.atomically(() => {
      this.#store.save(open({ ...packet, expectedDigest }, total, now));
      this.#store.wakeBy(now + (isWhole ? Math.min(RESUME_AFTER_MS, timeoutMs) : timeoutMs));
      this.#store.fragments.append(bytes, now);
    });
  }

  /** A Fragment of an upload that is all here: a duplicate, or of another file (ruling 22). */
  #acknowledge({ total }: Piece): Answer {
    const record = this.#store.record;
    if (total === record?.total) return { offset: this.#offset(), fault: null };
    return record?.state === "committed" ? UNKNOWN : { offset: this.#offset(), fault: FAULTS.totalChanged };
  }

  async #commit(): Promise<Answer> {
    const directory = this.#directory();
    if (directory === null) return { offset: null, fault: FAULTS.uploadsNotEnabled };
    const ended = await this.#outbox.deliver(directory, this.config());
    return ended ? resultOf(this.#state(), this.#store.record) : STILL_RUNNING;
  }

  /** What an acceptance left to do: the file's way to its destination, and the end of the reply. */
  async #finish(): Promise<Answer> {
    const { record } = this.#store;
    if (record === null || record.delivery === null) return UNKNOWN;
    if (record.delivery.copyToDestination) {
      if (isFinal(record)) return this.#publication();
      const answer = await this.#commit();
      return this.#isUnfinished() ? this.#publication() : answer;
    }
    this.#end(finish(record, Date.now()));
    this.#journal.write("finished");
    this.#journal.countOff();
    return resultOf(this.#state(), this.#store.record);
  }

  /** Whether the application has taken the upload, and there is something left to do. */
  #isUnfinished(): boolean {
    return (this.#store.record?.delivery ?? null) !== null;
  }

  /** Why the file is not at its destination yet, which the application has asked for. */
  #publication(): Answer {
    return { offset: null, fault: this.#store.record?.commit?.fault ?? STILL_RUNNING.fault };
  }

  #bury(packet: SessionPacket, state: "discarded" | "cancelled"): void {
    const now = Date.now();
    this.#end(bury(this.#store.record ?? open(packet, null, now), state, now));
    this.#journal.write(state);
    this.#journal.countOff();
  }

  /** Removes everything that is stored, and what this instance remembers of it: a packet may still come. */
  async #forget(): Promise<void> {
    await this.#store.forget();
    this.#staged.forget();
    this.#digest = new EntityDigest();
  }

  /** Stores a tombstone, and releases the bytes. */
  #end(tombstone: SessionRecord): void {
    const until = tombstone.changedAt + this.#lifetime.timeoutMs(tombstone.destination);
    this.#store.atomically(() => this.#store.saveAndRelease(tombstone, until));
  }

  /**
   * Where the session stands for this packet; null where it is over and nobody knows it any more.
   * Nothing is stored for a session that has only been created, nor for one that has expired. The age
   * of the id tells them apart: a session is never removed before its id is as old as the timeout.
   */
  #stateFor(packet: SessionPacket): SessionState | null {
    const now = Date.now();
    const { record } = this.#store;
    const dueAt =
      record === null
        ? packet.issuedAt + this.#lifetime.timeoutMs(packet.destination)
        : this.#lifetime.endOf(record);
    if (dueAt <= now && !this.#outbox.isRunning) return null;
    this.#lifetime.heard(now);
    return this.#state();
  }

  #state(): SessionState {
    return stateOf(this.#store.record, this.#store.fragments.length, this.#directory());
  }

  async #replyUrl(): Promise<string | null> {
    const { record } = this.#store;
    return record === null ? null : await replyUrlOf(record, this.#directory(), this.config());
  }

  async #digestOf(length: number): Promise<string> {
    return (await this.#digest.finish(length)) ?? (await digestOf(this.#store.fragments.read()));
  }

  /** Bytes of the entity that are here, or were until they were delivered. */
  #offset(): number {
    const { knownRecord, fragments } = this.#store;
    switch (knownRecord?.state) {
      case "committed":
      case "delivered":
        return knownRecord.total ?? 0;
      case "discarded":
      case "cancelled":
        return 0;
      default:
        return fragments.length;
    }
  }

  #directory(destination = this.#store.knownRecord?.destination): UploadDirectory | null {
    return destination === undefined ? null : directoryOf(this.config(), destination);
  }
}
