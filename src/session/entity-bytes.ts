import type { Moved } from "./moved-table.ts";
import { type StoredRow, StoredBytes } from "./stored-bytes.ts";
import type { Surroundings } from "./surroundings.ts";
import { LOOK_AGAIN_MS } from "./waste.ts";

/**
 * The bytes of a session's upload. The beginning of a large one is in segments, and only the rest is in rows of this
 * object. The last row is always here: it says how long the upload is so far, and when the last piece came.
 */
export class EntityBytes extends StoredBytes {
  readonly #surroundings: Surroundings;
  readonly #key: number;

  constructor(surroundings: Surroundings, key: number, isNew: boolean) {
    super(surroundings.tables, "fragments", key, isNew);
    this.#surroundings = surroundings;
    this.#key = key;
  }

  /** What is in segments; null if nothing is. */
  get moved(): Moved | null {
    return this.#surroundings.moved.of(this.#key);
  }

  /** How many bytes this object stores itself. */
  get here(): number {
    return this.length - (this.moved?.bytes ?? 0);
  }

  /** Some bytes are about to move; a part of the step that calls it. */
  beginMoving(name: string, segmentBytes: number): void {
    this.#surroundings.moved.begin(this.#key, name, segmentBytes);
  }

  /** The first rows that are here, `most` bytes of them or a row more, which begin and end before `end`. */
  firstRows(most: number, end: number): StoredRow[] {
    const from = this.moved?.bytes ?? 0;
    const rows = this.rows(from, Math.min(from + most, end));
    return rows.filter(({ offset, bytes }) => offset + bytes.byteLength <= end);
  }

  /**
   * The bytes before `end` are in segments now: their rows go. A part of the step that calls it.
   *
   * @param moved as it was when these bytes left
   * @returns false if it is another now: somebody else has gone on, or nobody needs the bytes any more
   */
  endMoving(moved: Moved, end: number): boolean {
    const now = this.moved;
    if (now?.name !== moved.name || now.bytes !== moved.bytes) return false;
    this.#surroundings.moved.advance(moved.name, end);
    this.removeBefore(end);
    return true;
  }

  override removeSome(mayDrop: boolean): boolean {
    const { alarm, moved, segments, world } = this.#surroundings;
    if (moved.release(this.#key)) {
      alarm.wakeBy(world.now() + LOOK_AGAIN_MS);
      segments.start();
    }
    return super.removeSome(mayDrop);
  }
}
