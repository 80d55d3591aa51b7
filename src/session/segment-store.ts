import type { SessionId } from "../protocol/session-id.ts";
import type { log } from "../runtime/log.ts";
import type { HostStorage } from "./host-storage.ts";
import type { SegmentCalls, SegmentOwner } from "./segment-calls.ts";
import { SessionTables } from "./session-tables.ts";
import { StoredBytes } from "./stored-bytes.ts";

/** How often a segment asks whether it is still needed; nobody waits for that. */
const ASK_AFTER_MS = 24 * 60 * 60 * 1000;
/** How soon it asks again if it got no answer. */
const ASK_AGAIN_MS = 60 * 60 * 1000;
/** All rows of a segment are under one key. */
const KEY = 1;

/** What a segment touches outside of its rows. */
export interface SegmentWorld {
  /** Milliseconds since 1970. */
  now(): number;
  /** Asks the session's object. Rejects if it cannot be reached. */
  isHeld(owner: SegmentOwner): Promise<boolean>;
  readonly log: typeof log;
}

/**
 * A part of a large upload, in an object of its own. The session's object sees to it that the segment is removed. If that
 * object is lost, or a call of an earlier life comes late, the segment finds out by itself that nobody needs it.
 */
export class SegmentStore implements SegmentCalls {
  readonly #storage: HostStorage;
  readonly #world: SegmentWorld;
  readonly #tables: SessionTables;
  #bytes: StoredBytes;

  constructor(storage: HostStorage, world: SegmentWorld) {
    this.#storage = storage;
    this.#world = world;
    this.#tables = new SessionTables(storage);
    this.#bytes = this.#load();
  }

  append(owner: SegmentOwner, offset: number, pieces: readonly Uint8Array[]): void {
    if (offset > this.#bytes.length)
      throw new RangeError(
        `the segment has ${this.#bytes.length} bytes, and the next are those at ${offset}`,
      );
    try {
      this.#storage.transactionSync(() => {
        if (this.#owner === null) this.#begin(owner);
        let at = offset;
        for (const piece of pieces) {
          const skipped = Math.min(this.#bytes.length - at, piece.byteLength);
          this.#bytes.append(piece.subarray(skipped), this.#world.now());
          at += piece.byteLength;
        }
      });
    } catch (error) {
      this.#tables.reload();
      this.#bytes = this.#load();
      throw error;
    }
  }

  read(start: number, end: number): Uint8Array {
    if (end > this.#bytes.length)
      throw new RangeError(`the segment has ${this.#bytes.length} bytes, and not those up to ${end}`);
    const bytes = new Uint8Array(end - start);
    let at = 0;
    for (const piece of this.#bytes.read(start, end)) {
      bytes.set(piece, at);
      at += piece.byteLength;
    }
    return bytes;
  }

  async remove(): Promise<void> {
    const removed = this.#tables.deleteAll();
    this.#bytes = this.#load();
    await removed;
  }

  /** The alarm has rung: asks whether somebody needs the segment. Never throws: the sixth throw of an alarm is its last. */
  async alarm(): Promise<void> {
    const owner = this.#owner;
    if (owner === null) return;
    try {
      if (await this.#world.isHeld(owner)) await this.#askAfter(ASK_AFTER_MS);
      else await this.remove();
    } catch (error) {
      this.#world.log("failed", { during: "segment", session: owner.session, error: String(error) });
      await this.#askAfter(ASK_AGAIN_MS);
    }
  }

  get #owner(): SegmentOwner | null {
    if (!this.#tables.has("segment_of")) return null;
    const [owner] = this.#tables.sql
      .exec<{ session: string; name: string }>("SELECT session, name FROM segment_of")
      .toArray();
    return owner === undefined ? null : { session: owner.session as SessionId, name: owner.name }; // as it was given
  }

  #begin({ session, name }: SegmentOwner): void {
    this.#tables.ensure("segment_of");
    this.#tables.sql.exec("INSERT INTO segment_of (session, name) VALUES (?, ?)", session, name);
    void this.#askAfter(ASK_AFTER_MS);
  }

  async #askAfter(milliseconds: number): Promise<void> {
    await this.#storage.setAlarm(this.#world.now() + milliseconds);
  }

  #load(): StoredBytes {
    return new StoredBytes(this.#tables, "fragments", KEY, false);
  }
}
