import type { SessionId } from "../protocol/session-id.ts";
import { erase } from "./erase.ts";
import { OFFSET_BITS, type SessionTables } from "./session-tables.ts";
import { StoredBytes } from "./stored-bytes.ts";
import type { Sweeper } from "./sweeper.ts";

/** A Fragment that was silent for so long has ended: the doors give up on a silent client earlier. */
export const SILENT_AFTER_MS = 150_000;

/** A Fragment that comes in. */
interface Staged {
  readonly session: SessionId;
  readonly bytes: StoredBytes;
  heardAt: number;
  /** Whether the Fragment had to give way to others: its later pieces are not kept. */
  hasGivenWay: boolean;
}

/**
 * Fragments whose digest is still to be checked (RFC 9530). They are kept apart from the uploads, so that a Fragment with a
 * wrong digest, or without an end, leaves nothing behind. Only the memory of the object knows which rows are whose. If the
 * object dies, the next life removes the rows that it finds.
 */
export class StagedFragments {
  readonly #tables: SessionTables;
  readonly #sweeper: Sweeper;
  /** By name; the one that began first comes first. */
  readonly #fragments = new Map<string, Staged>();
  /** Up to this key the table's rows were left by an earlier life. */
  readonly #leftOver: number;
  #lastKey: number;

  constructor(tables: SessionTables, sweeper: Sweeper) {
    this.#tables = tables;
    this.#sweeper = sweeper;
    this.#leftOver = this.#key("max");
    this.#lastKey = this.#leftOver;
    if (this.#leftOver > 0) sweeper.add({ sweep: () => this.#sweepLeftOver() });
  }

  /**
   * Keeps the next bytes of a Fragment. A session may have as many bytes waiting as its upload has. Beyond that, the
   * Fragments that began first give way: most of them have lost their client, and so the last one can always end.
   *
   * @param fragment a name that only this Fragment has
   * @param total of the session's upload
   * @param now milliseconds since 1970, here and below
   */
  add(session: SessionId, fragment: string, total: number, bytes: Uint8Array, now: number): void {
    this.discardSilent(now);
    const staged = this.#fragments.get(fragment) ?? this.#begin(session, fragment, now);
    staged.heardAt = now;
    if (staged.hasGivenWay) return;
    staged.bytes.append(bytes, now);
    for (const other of this.#fragments.values()) {
      if (this.#lengthOf(session) <= total) return;
      if (other.session === session) this.#giveWay(other);
    }
  }

  /**
   * The kept bytes of a Fragment. Some are missing if it had to give way, or if they came in an earlier life of the
   * object.
   */
  read(fragment: string): { readonly length: number; readonly pieces: Iterable<Uint8Array> } {
    const staged = this.#fragments.get(fragment);
    if (staged === undefined || staged.hasGivenWay) return { length: 0, pieces: [] };
    return { length: staged.bytes.length, pieces: staged.bytes.read() };
  }

  discard(fragment: string): void {
    const staged = this.#fragments.get(fragment);
    this.#fragments.delete(fragment);
    if (staged !== undefined && !staged.hasGivenWay) this.#remove(staged.bytes);
  }

  discardOf(session: SessionId): void {
    for (const [name, staged] of this.#fragments) if (staged.session === session) this.discard(name);
  }

  /** Drops silent Fragments: if a connection was reset inside the runtime, nobody reports the end of its Fragment. */
  discardSilent(now: number): void {
    for (const [name, { heardAt }] of this.#fragments) {
      if (Math.abs(now - heardAt) > SILENT_AFTER_MS) this.discard(name);
    }
  }

  /** Fragments that wait. */
  get size(): number {
    return this.#fragments.size;
  }

  has(session: SessionId): boolean {
    return [...this.#fragments.values()].some((staged) => staged.session === session);
  }

  /** The storage was removed as a whole: no Fragment waits any more. */
  forget(): void {
    this.#fragments.clear();
  }

  #begin(session: SessionId, fragment: string, now: number): Staged {
    this.#lastKey += 1;
    const bytes = new StoredBytes(this.#tables, "staged", this.#lastKey, true);
    const staged = { session, bytes, heardAt: now, hasGivenWay: false };
    this.#fragments.set(fragment, staged);
    return staged;
  }

  #giveWay(staged: Staged): void {
    if (staged.hasGivenWay) return;
    staged.hasGivenWay = true;
    this.#remove(staged.bytes);
  }

  #remove(bytes: StoredBytes): void {
    this.#sweeper.sweep({
      sweep: () => bytes.removeSome(!this.#tables.isShared && this.#fragments.size === 0),
    });
  }

  #lengthOf(session: SessionId): number {
    let sum = 0;
    for (const { session: of, bytes, hasGivenWay } of this.#fragments.values())
      if (of === session && !hasGivenWay) sum += bytes.length;
    return sum;
  }

  #sweepLeftOver(): boolean {
    const key = this.#key("min");
    if (key === 0 || key > this.#leftOver) return true;
    erase(this.#tables, "staged", key);
    return false;
  }

  /** The first or last key in the table; 0 if it has no rows. */
  #key(end: "min" | "max"): number {
    if (!this.#tables.has("staged")) return 0;
    const [row] = this.#tables.sql
      .exec<{ key: number | null }>(`SELECT ${end}(id) >> ${OFFSET_BITS} AS key FROM staged`)
      .toArray();
    return row?.key ?? 0;
  }
}
