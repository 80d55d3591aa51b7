import type { SessionId } from "../protocol/session-id.ts";
import { erase } from "./erase.ts";
import { OFFSET_BITS, type SessionTables } from "./session-tables.ts";
import { StoredBytes } from "./stored-bytes.ts";
import type { Sweeper } from "./sweeper.ts";

/** A Fragment of which nothing was heard for as long has ended: the doors give up on a silent client before that. */
export const SILENT_AFTER_MS = 150_000;

/** A Fragment that comes in. */
interface Staged {
  readonly session: SessionId;
  readonly bytes: StoredBytes;
  heardAt: number;
  /** Whether it had to give way to others: what still comes of it is not kept. */
  hasGivenWay: boolean;
}

/**
 * Fragments whose digest is still to be checked (RFC 9530): kept apart from the uploads, so that a Fragment which turns
 * out wrong, or never ends, leaves nothing behind. Which ones there are is known in memory only: what an object that
 * died has left in its table belongs to nobody, and is removed by the next life.
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
   * Keeps the next bytes of a Fragment. A session may have as many bytes waiting as its upload has: beyond that the
   * Fragments that began first give way, since most of them have lost their client, and the last one can always end.
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

  /** The bytes of a Fragment; fewer than came where it had to give way, or an earlier life of the object had them. */
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

  /** Fragments whose connection was reset inside the runtime are told of by nobody. */
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

  /** The storage was removed as a whole. */
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
