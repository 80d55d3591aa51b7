import { letGo } from "../runtime/let-go.ts";
import { FAULTS, isFault } from "../protocol/faults.ts";
import { planPiece } from "../protocol/plan-piece.ts";
import { open } from "../protocol/transitions.ts";
import { type Answer, UNKNOWN } from "../protocol/session-answer.ts";
import { digestOf, EntityDigest } from "./entity-digest.ts";
import type { Lifetime } from "./lifetime.ts";
import { RESUME_AFTER_MS } from "./outbox.ts";
import type { SessionJournal } from "./session-journal.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import type { SessionStore } from "./session-store.ts";
import type { StagedPieces } from "./staged-pieces.ts";

/** A run of a Fragment's bytes, at most 1 MiB: its place in the entity, and the entity's length. */
export interface Piece {
  readonly first: number;
  readonly total: number;
  readonly bytes: Uint8Array;
}

/**
 * Takes in the bytes of a session's entity: appends each piece to what is stored and to the entity's digest, or keeps
 * it apart until its Fragment has been checked. Whether the session's state lets them in is for the caller to ask.
 */
export class Intake {
  readonly #store: SessionStore;
  readonly #staged: StagedPieces;
  readonly #lifetime: Lifetime;
  readonly #journal: SessionJournal;
  #digest = new EntityDigest();

  constructor(store: SessionStore, staged: StagedPieces, lifetime: Lifetime, journal: SessionJournal) {
    this.#store = store;
    this.#staged = staged;
    this.#lifetime = lifetime;
    this.#journal = journal;
  }

  /** Stores a record and its alarm, where there are none, before the first piece comes. */
  announce(packet: SessionPacket): void {
    if (this.#store.record !== null) return;
    const now = Date.now();
    this.#store.atomically(() => {
      this.#store.save(open(packet, null, now));
      this.#store.wakeBy(now + this.#lifetime.timeoutMs(packet.destination));
    });
  }

  /** Stores what is new of a piece, where it begins no later than the others end (ruling 9). */
  append(packet: SessionPacket, { first, total, bytes }: Piece): Answer {
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
      return { offset: this.#store.offset, fault: isFull ? FAULTS.storageFull : FAULTS.edgeFailed };
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
  acknowledge({ total }: Piece): Answer {
    const { record, offset } = this.#store;
    if (total === record?.total) return { offset, fault: null };
    return record?.state === "committed" ? UNKNOWN : { offset, fault: FAULTS.totalChanged };
  }

  /** Keeps a piece of a Fragment whose digest is still to be checked. */
  stage(packet: SessionPacket, fragment: string, bytes: Uint8Array): void {
    // A record and its alarm, so that what a client leaves here for ever is removed like everything else.
    this.announce(packet);
    this.#staged.add(fragment, bytes);
    this.#journal.write("staged", { bytes: bytes.byteLength });
  }

  /**
   * Stores the pieces of a Fragment that was right, all in one step.
   *
   * @param append takes in a piece as one that has just come, by the state that the session is in then
   */
  adopt(fragment: string, first: number, total: number, append: (piece: Piece) => Answer): Answer {
    let start = first;
    // With no bytes this asks where the session stands, which is also the answer for an empty entity.
    let answer = append({ first: Math.min(first, this.#store.offset), total, bytes: new Uint8Array(0) });
    for (const bytes of this.#staged.read(fragment)) {
      if (answer.fault !== null) break;
      answer = append({ first: start, total, bytes });
      start += bytes.byteLength;
    }
    this.#staged.discard(fragment);
    return answer;
  }

  /** Drops the pieces of a Fragment that was not. */
  unstage(fragment: string): void {
    this.#staged.discard(fragment);
  }

  /** SHA-256 of the whole entity, base64, given its length; reads what is stored where its bytes came in an earlier life. */
  async digestOf(length: number): Promise<string> {
    return (await this.#digest.finish(length)) ?? (await digestOf(this.#store.fragments.read()));
  }

  /** The storage has been removed, and a packet may still come. */
  forget(): void {
    this.#staged.forget();
    this.#digest = new EntityDigest();
  }
}
