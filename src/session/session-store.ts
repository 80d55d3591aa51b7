import type { SessionId } from "../protocol/session-id.ts";
import type { HistoryEntry, SessionRecord } from "../protocol/session-record.ts";
import { needs } from "../protocol/transitions.ts";
import { withHistory } from "./history.ts";
import { type NoRecord, parseRecord } from "./parse-record.ts";
import { StoredBytes } from "./stored-bytes.ts";
import type { Surroundings } from "./surroundings.ts";

/** How soon somebody looks whether bytes are gone that were to be swept. */
const LOOK_AGAIN_MS = 10_000;

/** What an instance has in memory of a session's rows. */
interface Kept {
  readonly key: number;
  /** Whether the session has a row of its own. */
  readonly isStored: boolean;
  readonly due: number;
  /** Null if nothing is stored, or the session was forgotten and only bytes are left. */
  readonly record: SessionRecord | NoRecord | null;
  /** The session is over and nobody knows it any more; some of its bytes are still to be removed. */
  readonly isForgotten: boolean;
  /** The request entity, as far as it has come. */
  readonly fragments: StoredBytes;
  /** The application's reply to an upload-reply. */
  readonly reply: StoredBytes;
}

const WHY: { readonly [reason in NoRecord]: string } = {
  newer: "the session's record was stored by a newer version of the edge",
  unreadable: "what is stored as the session's record cannot be read",
};

/** Everything that one session keeps: its record, when it is due, its bytes. docs/storage-schema.md has the layout. */
export class SessionStore {
  readonly #id: SessionId;
  readonly #surroundings: Surroundings;
  #kept: Kept;
  /** When the session is due once nothing is left to be swept. */
  #dueWhenSwept = 0;
  /** What is to be in the history of the record that is stored next. */
  #noted: readonly HistoryEntry[] = [];

  constructor(id: SessionId, surroundings: Surroundings) {
    this.#id = id;
    this.#surroundings = surroundings;
    this.#kept = load(id, surroundings);
  }

  /** @throws if something is stored that this edge cannot go by */
  get record(): SessionRecord | null {
    const { record } = this.#kept;
    if (typeof record === "string") throw new Error(WHY[record]);
    return record;
  }

  /** The record, for those that only tell of it; null also if this edge cannot go by it. */
  get knownRecord(): SessionRecord | null {
    const { record } = this.#kept;
    return typeof record === "string" ? null : record;
  }

  /** Whether what is stored as the record is none, and never will be. */
  get isUnreadable(): boolean {
    return this.#kept.record === "unreadable";
  }

  /** Why this edge cannot go by what is stored as the record; null if it can, or nothing is stored. */
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

  get fragments(): StoredBytes {
    return this.#kept.fragments;
  }

  get reply(): StoredBytes {
    return this.#kept.reply;
  }

  /**
   * Runs `change` as one transaction: all of it is stored, or none and the error goes on.
   * Whatever leaves the object afterwards waits until it is confirmed on disk.
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
   * Resolves when all that was stored is on disk. The output gate holds responses and `fetch` for as long by itself;
   * `connect()` it does not (workerd, src/workerd/api/sockets.c++, `connectImpl`).
   */
  async confirmed(): Promise<void> {
    await this.#surroundings.storage.sync();
  }

  /** Something happened that the next record does not say by itself; lost with this life if none is stored. */
  note(entry: HistoryEntry): void {
    this.#noted = [...this.#noted, entry];
  }

  /**
   * Stores the record.
   *
   * @param dueBy when the session is due at the latest, milliseconds since 1970; an earlier time stays as it is
   */
  save(record: SessionRecord, dueBy: number): void {
    // The end of a sweep that is under way must not put off what this record is due for.
    this.#dueWhenSwept = Math.min(this.#dueWhenSwept, dueBy);
    this.#write(this.#told(record), this.#kept.isStored ? Math.min(this.#kept.due, dueBy) : dueBy);
  }

  /**
   * Stores a record after which the session may need some of its bytes no more. Few go in the same transaction; the rest
   * is swept when the client has its Ack.
   *
   * @param due when the session is due then
   */
  saveAndRelease(record: SessionRecord, due: number): void {
    const told = this.#told(record);
    this.#kept = { ...this.#kept, record: told };
    const isAll = this.#removeSome();
    this.#write(told, isAll ? due : record.changedAt);
    if (!isAll) this.sweepUntil(due);
    // Somebody is to come by for the scrubbing.
    const { alarm, tables, world } = this.#surroundings;
    if (tables.hasErased) alarm.wakeBy(world.now() + LOOK_AGAIN_MS);
  }

  /** Removes one slice of the reply, or of what came of one. @returns whether none is left */
  removeSomeReply(): boolean {
    return this.#kept.reply.removeSome(!this.#surroundings.tables.isShared);
  }

  /** Whether something is stored that will not be read again. */
  get hasWaste(): boolean {
    return this.#waste.some(({ length }) => length > 0);
  }

  /** Has the rest of what is not needed swept; the session is due at `due` then. */
  sweepUntil(due: number): void {
    this.#dueWhenSwept = due;
    this.#surroundings.sweeper.add(this);
    this.#surroundings.alarm.wakeBy(this.#surroundings.world.now() + LOOK_AGAIN_MS);
  }

  get isBeingSwept(): boolean {
    return this.#surroundings.sweeper.isWaiting(this);
  }

  /** Removes one slice of what is not needed. @returns whether none is left */
  sweep(): boolean {
    let isAll = false;
    this.atomically(() => {
      isAll = this.#removeSome();
      if (!isAll) return;
      if (this.isForgotten) this.#removeRow();
      else this.postpone(this.#dueWhenSwept);
    });
    if (isAll && this.isForgotten) this.#startOver();
    return isAll;
  }

  /** The session is due at `due`, and not before. */
  postpone(due: number): void {
    if (this.#kept.due !== due) this.#surroundings.tables.setDue(this.#kept.key, due);
    this.#kept = { ...this.#kept, due };
    this.#surroundings.alarm.wakeBy(due);
  }

  /** Nobody knows the session any more. An object that has nothing else goes as a whole. */
  forget(now: number): void {
    const { tables } = this.#surroundings;
    if (!this.#kept.isStored) return this.#startOver();
    if (!tables.isShared && !tables.hasOpenSessions) {
      this.#deleteAll();
      return this.#startOver();
    }
    this.atomically(() => {
      this.#kept = { ...this.#kept, record: null, isForgotten: true };
      if (this.#removeSome()) this.#removeRow();
      else tables.setRecordAndDue(this.#kept.key, null, now);
    });
    if (this.#kept.isStored) this.sweepUntil(now);
    else this.#startOver();
  }

  #told(record: SessionRecord): SessionRecord {
    const { lastReceivedAt: receivedAt } = this.fragments;
    const told = withHistory(this.knownRecord, record, { noted: this.#noted, receivedAt });
    this.#noted = [];
    return told;
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

  /** What is stored, perhaps, and will not be read again. */
  get #waste(): StoredBytes[] {
    const { fragments, reply, isForgotten } = this.#kept;
    if (isForgotten) return [fragments, reply];
    if (this.record === null) return [];
    const needed = needs(this.record);
    return [...(needed.entity ? [] : [fragments]), ...(needed.reply ? [] : [reply])];
  }

  #removeSome(): boolean {
    const isAlone = !this.#surroundings.tables.isShared;
    return this.#waste.every((bytes) => bytes.removeSome(isAlone));
  }

  #removeRow(): void {
    this.#surroundings.tables.remove(this.#kept.key);
    this.#kept = { ...this.#kept, isStored: false };
  }

  #deleteAll(): void {
    const { tables, alarm, staged, world } = this.#surroundings;
    world.keepAlive(tables.deleteAll());
    alarm.isOver();
    staged.forget();
  }

  /** A packet may still come, and begin again. */
  #startOver(): void {
    const { tables } = this.#surroundings;
    if (tables.has("sessions") && tables.isEmpty) this.#deleteAll();
    this.#kept = load(this.#id, this.#surroundings);
  }
}

/** Whatever a row has for a record, this does not throw: who cannot be loaded cannot be removed either. */
function load(id: SessionId, { tables }: Surroundings): Kept {
  const row = tables.find(id);
  const key = row?.key ?? tables.nextKey();
  const isNew = row === null;
  return {
    key,
    isStored: !isNew,
    due: row?.due ?? 0,
    record: row === null || row.record === null ? null : parseRecord(row.record),
    isForgotten: row !== null && row.record === null,
    fragments: new StoredBytes(tables, "fragments", key, isNew),
    reply: new StoredBytes(tables, "replies", key, isNew),
  };
}
