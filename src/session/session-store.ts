import type { SessionId } from "../protocol/session-id.ts";
import type { SessionRecord } from "../protocol/session-record.ts";
import { deleteAll } from "./delete-all.ts";
import { withHistory } from "./history.ts";
import type { EntityBytes } from "./entity-bytes.ts";
import { type Kept, load, recordOf } from "./kept.ts";
import { Notes } from "./notes.ts";
import type { NoRecord } from "./parse-record.ts";
import type { StoredBytes } from "./stored-bytes.ts";
import type { Surroundings } from "./surroundings.ts";
import { LOOK_AGAIN_MS, Waste } from "./waste.ts";

/** Everything that one session keeps: its record, when it is due, its bytes. docs/storage-schema.md has the layout. */
export class SessionStore {
  /** The bytes that are stored and not needed any more. */
  readonly waste: Waste;
  readonly notes = new Notes();
  readonly #id: SessionId;
  readonly #surroundings: Surroundings;
  #kept: Kept;

  constructor(id: SessionId, surroundings: Surroundings) {
    this.#id = id;
    this.#surroundings = surroundings;
    this.#kept = load(id, surroundings);
    this.waste = new Waste(this, surroundings);
  }

  /** @throws if something is stored that this edge cannot go by */
  get record(): SessionRecord | null {
    return recordOf(this.#kept);
  }

  /** The record, for callers that only show it; null also if this edge cannot go by it. */
  get knownRecord(): SessionRecord | null {
    const { record } = this.#kept;
    return typeof record === "string" ? null : record;
  }

  /** Whether no edge can read the stored record. */
  get isUnreadable(): boolean {
    return this.#kept.record === "unreadable";
  }

  /** Why this edge cannot go by the stored record; null if it can, or if nothing is stored. */
  get broken(): NoRecord | null {
    const { record } = this.#kept;
    return typeof record === "string" ? record : null;
  }

  /** Whether the session is over for good, though not all of its bytes are gone. */
  get isForgotten(): boolean {
    return this.#kept.isForgotten;
  }

  /** Bytes of the entity that are here, or were until they were delivered. */
  get offset(): number {
    const { knownRecord, fragments } = this;
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

  get fragments(): EntityBytes {
    return this.#kept.fragments;
  }

  get reply(): StoredBytes {
    return this.#kept.reply;
  }

  /**
   * Runs `change` as one transaction: all of it is stored, or nothing is stored and the error goes on.
   * A response or a `fetch` that leaves the object afterwards waits until the transaction is on disk.
   */
  atomically(change: () => void): void {
    const { storage, tables, alarm, listing } = this.#surroundings;
    try {
      storage.transactionSync(change);
    } catch (error) {
      tables.reload();
      this.#kept = load(this.#id, this.#surroundings);
      alarm.isUnknown();
      listing.forgetCounts();
      throw error;
    }
  }

  /**
   * Resolves when everything that was stored is on disk. The runtime's output gate holds responses and `fetch` until then,
   * but not `connect()` (workerd, src/workerd/api/sockets.c++, `connectImpl`).
   */
  async confirmed(): Promise<void> {
    await this.#surroundings.storage.sync();
  }

  /**
   * Stores the record.
   *
   * @param dueBy when the session is due at the latest, milliseconds since 1970; an earlier time stays as it is
   */
  save(record: SessionRecord, dueBy: number): void {
    this.waste.capDue(dueBy);
    this.#write(this.#told(record), this.#kept.isStored ? Math.min(this.#kept.due, dueBy) : dueBy);
  }

  /**
   * Stores a record and releases the bytes that the session no longer needs. A few bytes are removed in the same
   * transaction; the rest is swept when the client has its Ack.
   *
   * @param due when the session is due then
   */
  saveAndRelease(record: SessionRecord, due: number): void {
    const told = this.#told(record);
    this.#kept = { ...this.#kept, record: told };
    const isAll = this.waste.removeSome();
    this.#write(told, isAll ? due : record.changedAt);
    if (!isAll) this.waste.sweepUntil(due);
    // Have the alarm ring for the scrubbing.
    const { alarm, tables, world } = this.#surroundings;
    if (tables.hasErased) alarm.wakeBy(world.now() + LOOK_AGAIN_MS);
  }

  /** Removes one slice of the stored reply, whole or torn. @returns whether none is left */
  removeSomeReply(): boolean {
    return this.#kept.reply.removeSome(!this.#surroundings.tables.isShared);
  }

  /** A sweep has ended: removes the row of a session that is over; any other session is due at `due`. */
  endSweep(due: number): void {
    if (this.isForgotten) this.#removeRow();
    else this.postpone(due);
  }

  /** The step of `endSweep` is stored. A session that is over may begin again. */
  sweepEnded(): void {
    if (this.isForgotten) this.#startOver();
  }

  /** The session is due at `due`, and not before. */
  postpone(due: number): void {
    if (this.#kept.due !== due) this.#surroundings.tables.setDue(this.#kept.key, due);
    this.#kept = { ...this.#kept, due };
    this.#surroundings.alarm.wakeBy(due);
  }

  /** Removes the session. If the object stores nothing else, everything is removed at once. */
  forget(now: number): void {
    const { tables } = this.#surroundings;
    if (!this.#kept.isStored) return this.#startOver();
    if (!tables.isShared && !tables.hasOpenSessions && !tables.hasSegments) {
      deleteAll(this.#surroundings);
      return this.#startOver();
    }
    this.atomically(() => {
      this.#kept = { ...this.#kept, record: null, isForgotten: true };
      if (this.waste.removeSome()) this.#removeRow();
      else tables.setRecordAndDue(this.#kept.key, null, now);
    });
    if (this.#kept.isStored) this.waste.sweepUntil(now);
    else this.#startOver();
  }

  #told(record: SessionRecord): SessionRecord {
    const { lastReceivedAt: receivedAt } = this.fragments;
    return withHistory(this.knownRecord, record, { noted: this.notes.take(), receivedAt });
  }

  #write(record: SessionRecord, due: number): void {
    const { tables, alarm } = this.#surroundings;
    const { key, isStored, due: dueBefore } = this.#kept;
    const text = JSON.stringify(record);
    if (!isStored) tables.insert({ key, id: this.#id, due, record: text });
    else if (due === dueBefore) tables.setRecord(key, text);
    else tables.setRecordAndDue(key, text, due);
    this.#kept = { ...this.#kept, isStored: true, record, due };
    alarm.wakeBy(due);
  }

  #removeRow(): void {
    this.#surroundings.tables.remove(this.#kept.key);
    this.#kept = { ...this.#kept, isStored: false };
  }

  /** Begins with nothing stored: a packet may still come. */
  #startOver(): void {
    const { tables } = this.#surroundings;
    if (tables.has("sessions") && tables.isEmpty) deleteAll(this.#surroundings);
    this.#kept = load(this.#id, this.#surroundings);
  }
}
