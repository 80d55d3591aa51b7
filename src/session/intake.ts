import { FAULTS, isFault } from "../protocol/faults.ts";
import { planPiece } from "../protocol/plan-piece.ts";
import { type Answer, UNKNOWN } from "../protocol/session-answer.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import { open } from "../protocol/transitions.ts";
import { letGo } from "../runtime/let-go.ts";
import { digestOf, EntityDigest } from "./entity-digest.ts";
import { Mover } from "./mover.ts";
import { RESUME_AFTER_MS } from "./outbox.ts";
import { readEntity } from "./read-entity.ts";
import type { Session } from "./session.ts";
import type { FragmentRange, Piece } from "./session-calls.ts";
import { LARGEST_UPLOAD_BYTES } from "./session-tables.ts";

/**
 * Takes in the bytes of a session's entity: appends each piece to what is stored and to the entity's digest, or keeps
 * it apart until its Fragment has been checked. Whether the session's state lets them in is for the caller to ask.
 */
export class Intake {
  readonly #session: Session;
  readonly #mover: Mover;
  #digest: EntityDigest;

  constructor(session: Session) {
    this.#session = session;
    this.#mover = new Mover(session);
    this.#digest = new EntityDigest(session.world);
  }

  /**
   * Stores the new bytes of a piece. The piece must leave no gap after the stored bytes (ruling 9, overlap is trimmed).
   */
  append(packet: SessionPacket, { first, total, bytes }: Piece): Answer {
    const { store, world, journal } = this.#session;
    const { fragments, record } = store;
    const before = fragments.length;
    if (total > LARGEST_UPLOAD_BYTES) return { offset: before, fault: FAULTS.uploadTooLarge };
    const progress = { offset: before, total: record?.total ?? null };
    const plan = planPiece(progress, { first, length: bytes.byteLength, total });
    if (isFault(plan)) return { offset: before, fault: plan };
    const news = bytes.subarray(plan.skip);
    const { mostBytes } = world.segmentSizes();
    if (total > mostBytes) {
      this.#mover.start();
      // What is here moves away; the client comes again, as for a full disk.
      if (fragments.here + news.byteLength > mostBytes) return { offset: before, fault: FAULTS.storageFull };
    }
    const now = world.now();
    const isFirst = progress.total === null;
    try {
      if (isFirst) this.#begin(packet, total, news, now);
      else fragments.append(news, now); // one statement: a transaction by itself
    } catch (error) {
      journal.write("failed", { during: "append", error: String(error) });
      const isFull = /SQLITE_FULL|disk is full/i.test(String(error));
      return { offset: store.offset, fault: isFull ? FAULTS.storageFull : FAULTS.edgeFailed };
    }
    // Free the memory of the piece at once: the garbage collector would leave half a GiB behind 64 uploads.
    void this.#digest.append(before, news).then(() => letGo(bytes));
    const { length: offset } = fragments;
    if (isFirst) journal.write("started", { total });
    if (before > first && !isFirst) journal.write("resumed", { first });
    const isWhole = offset === total && (before < total || isFirst);
    if (isWhole) journal.write("completed");
    if (isWhole && !isFirst) this.#session.listed.putHere();
    if (isWhole || isFirst) this.#session.listed.putElsewhere();
    return { offset, fault: null };
  }

  /**
   * Answers a Fragment of an upload that is all here: a duplicate, or one of another file (ruling 22, a Fragment after
   * Close-Session).
   */
  acknowledge({ total }: Pick<Piece, "total">): Answer {
    const { record, offset } = this.#session.store;
    if (total === record?.total) return { offset, fault: null };
    return record?.state === "committed" ? UNKNOWN : { offset, fault: FAULTS.totalChanged };
  }

  /** Keeps a piece of a Fragment whose digest is still to be checked. */
  stage(packet: SessionPacket, fragment: string, { total, bytes }: Omit<Piece, "first">): void {
    const { staged, journal, world, id } = this.#session;
    // Store a record and its due time, so that the alarm removes these bytes if the client never comes back.
    this.#session.announce(packet);
    staged.add(id, fragment, this.#session.store.record?.total ?? total, bytes, world.now());
    journal.write("staged", { bytes: bytes.byteLength });
    letGo(bytes);
  }

  /**
   * Stores the pieces of a Fragment whose digest was right, all in one step. If the Fragment had to give way to others,
   * some of its pieces are gone, and its client has to send it again.
   *
   * @param append takes in a piece as one that has just come, by the state that the session is in then
   */
  adopt(fragment: string, { first, length, total }: FragmentRange, append: (piece: Piece) => Answer): Answer {
    const { staged, store } = this.#session;
    const { length: found, pieces } = staged.read(fragment);
    // An empty piece asks where the session stands. For an empty entity, its answer is also the Fragment's.
    let answer = append({ first: Math.min(first, store.offset), total, bytes: new Uint8Array(0) });
    const isNeeded = (answer.offset ?? 0) < first + length;
    if (answer.fault === null && isNeeded && found !== length)
      answer = { ...answer, fault: FAULTS.edgeFailed };
    let start = first;
    for (const bytes of pieces) {
      if (answer.fault !== null) break;
      const { byteLength } = bytes; // read now: `append` may free the bytes
      answer = append({ first: start, total, bytes });
      start += byteLength;
    }
    staged.discard(fragment);
    return answer;
  }

  /**
   * SHA-256 of the whole entity, base64, given its length. If bytes came in an earlier life, it reads the stored ones.
   */
  async digestOf(length: number): Promise<string> {
    const { store, world } = this.#session;
    return (await this.#digest.finish(length)) ?? (await digestOf(readEntity(store.fragments, world), world));
  }

  /** Whether bytes of the entity are on their way to a segment. */
  get isMoving(): boolean {
    return this.#mover.isRunning;
  }

  /** The session was removed: begins a new digest, for a packet that may still come. */
  forget(): void {
    this.#digest = new EntityDigest(this.#session.world);
  }

  /** Stores the first piece, and with it the record and the time at which the session is due. */
  #begin(packet: SessionPacket, total: number, bytes: Uint8Array, now: number): void {
    const { store } = this.#session;
    const end = now + this.#session.timeoutMs(packet.destination);
    const expectedDigest = store.record?.expectedDigest ?? packet.expectedDigest;
    // A whole upload is closed in a moment. One alarm serves the first piece, the commit and the tombstone.
    const isWhole = bytes.byteLength === total;
    store.atomically(() => {
      store.save(
        open({ ...packet, expectedDigest }, total, now),
        isWhole ? Math.min(now + RESUME_AFTER_MS, end) : end,
      );
      store.fragments.append(bytes, now);
      this.#session.place.keepUntil(end);
      this.#session.listed.putHere();
    });
  }
}
