import { letGo } from "../runtime/let-go.ts";
import { SLICE_BYTES } from "./erase.ts";
import { giveWay } from "./give-way.ts";
import type { Moved } from "./moved-table.ts";
import { segmentNameOf } from "./segment-calls.ts";
import type { Session } from "./session.ts";
import type { StoredRow } from "./stored-bytes.ts";

/** One step moves the rows that start within so many bytes: what is removed in one step has room in SQLite's cache. */
const STEP_BYTES = SLICE_BYTES;
/** If a segment does not take them, the mover rests for so long. Then the next piece has it try again. */
const REST_MS = 10_000;

/**
 * Moves the beginning of a large upload from the session's object to segments, while more comes in. Theory of operation:
 *
 * A piece of a Fragment is always stored by the session's object, in one step. The mover takes the oldest rows from there
 * on: it gives them to a segment, and when the segment has them on disk, one step records so and removes the rows. So a
 * crash at any moment leaves the bytes in one place or in both. If in both, the next life sends them again, and the
 * segment skips them: they are equal, because no row leaves before it is on disk.
 *
 * Nothing waits for the mover but a client that sends faster than it moves (`Intake.append`): such a client, which comes
 * again, is also what starts the mover anew after a failure, or in a new life of the object.
 */
export class Mover {
  readonly #session: Session;
  isRunning = false;
  #isResting = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Moves what there is to move, unless that is under way. */
  start(): void {
    if (this.isRunning || this.#isResting) return;
    const { fragments } = this.#session.store;
    const { world } = this.#session;
    if (fragments.here <= world.segmentSizes().keptBytes) return;
    this.isRunning = true;
    world.keepAlive(this.#run());
  }

  async #run(): Promise<void> {
    const { journal, world } = this.#session;
    try {
      await giveWay(world); // a step of the mover must not be a part of the step that starts it
      while (await this.#step());
    } catch (error) {
      journal.write("failed", { during: "move", error: String(error) });
      this.#isResting = true;
      world.after(REST_MS, () => (this.#isResting = false));
    } finally {
      this.isRunning = false;
    }
  }

  /** @returns whether there may be more to move */
  async #step(): Promise<boolean> {
    const { store } = this.#session;
    const moved = store.fragments.moved ?? this.#begin();
    const rows = this.#nextRows(moved);
    const last = rows.at(-1);
    if (last === undefined) return false;
    const end = last.offset + last.bytes.byteLength;
    await store.confirmed();
    if (store.fragments.moved?.name !== moved.name) return false;
    await this.#send(moved, rows);
    let isMoved = false;
    store.atomically(() => {
      isMoved = store.fragments.endMoving(moved, end);
    });
    return isMoved;
  }

  /** The name of the segments is on disk before any of them is: a segment whose name nobody knows removes itself. */
  #begin(): Moved {
    const { store, world } = this.#session;
    const moved = { name: world.randomId(), bytes: 0, segmentBytes: world.segmentSizes().segmentBytes };
    store.atomically(() => store.fragments.beginMoving(moved.name, moved.segmentBytes));
    return moved;
  }

  /** Rows that begin in one segment; the last of them may end in the next. */
  #nextRows({ bytes, segmentBytes }: Moved): StoredRow[] {
    const { store, world } = this.#session;
    const { fragments } = store;
    const left = segmentBytes - (bytes % segmentBytes);
    return fragments.firstRows(Math.min(STEP_BYTES, left), fragments.length - world.segmentSizes().keptBytes);
  }

  async #send({ name, bytes: from, segmentBytes }: Moved, rows: readonly StoredRow[]): Promise<void> {
    const { id } = this.#session;
    const owner = { session: id, name };
    const index = Math.floor(from / segmentBytes);
    const edge = (index + 1) * segmentBytes;
    const pieces = rows.map(({ bytes }) => bytes);
    const last = rows.at(-1);
    const beyond = last === undefined ? 0 : Math.max(0, last.offset + last.bytes.byteLength - edge);
    if (last !== undefined && beyond > 0) {
      const cut = last.bytes.byteLength - beyond;
      pieces.splice(-1, 1, last.bytes.subarray(0, cut));
      await this.#segment(name, index).append(owner, from - index * segmentBytes, pieces);
      await this.#segment(name, index + 1).append(owner, 0, [last.bytes.subarray(cut)]);
    } else await this.#segment(name, index).append(owner, from - index * segmentBytes, pieces);
    for (const { bytes } of rows) letGo(bytes);
  }

  #segment(name: string, index: number) {
    return this.#session.world.segment(segmentNameOf(name, index));
  }
}
