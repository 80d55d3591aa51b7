import { deleteAll } from "./delete-all.ts";
import { giveWay } from "./give-way.ts";
import type { Moved } from "./moved-table.ts";
import { segmentNameOf } from "./segment-calls.ts";
import type { Surroundings } from "./surroundings.ts";

/** If a segment does not answer, the alarm rings again after this time. */
const RETRY_MS = 60_000;

/**
 * Has the segments removed that no session of the object needs any more. What is to be removed is stored: if the object
 * dies before the end, the alarm of its next life goes on.
 */
export class SegmentRemover {
  readonly #surroundings: () => Surroundings;
  #isRunning = false;

  constructor(surroundings: () => Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Begins, or leaves the one that runs to itself. May be called in the step that releases segments. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#surroundings().world.keepAlive(this.#run());
  }

  /** The alarm has rung: goes on if there is something left. */
  lookAfter(): void {
    const { alarm, moved, world } = this.#surroundings();
    if (moved.released() === null) return;
    this.start();
    alarm.wakeBy(world.now() + RETRY_MS);
  }

  async #run(): Promise<void> {
    const { alarm, moved, storage, world } = this.#surroundings();
    try {
      await giveWay(world); // `start` is called inside of a transaction
      // A crash must not bring back a session whose segments are gone.
      await storage.sync();
      for (let next = moved.released(); next !== null; next = moved.released()) await this.#remove(next);
    } catch (error) {
      world.log("failed", { during: "segments", session: null, error: String(error) });
      alarm.wakeBy(world.now() + RETRY_MS);
    } finally {
      this.#isRunning = false;
    }
  }

  async #remove({ name, bytes, segmentBytes }: Moved): Promise<void> {
    const { moved, tables, world } = this.#surroundings();
    // What was on its way when the session ended may have begun one more.
    const last = Math.floor(bytes / segmentBytes) + 1;
    for (let index = 0; index <= last; index++) await world.segment(segmentNameOf(name, index)).remove();
    moved.remove(name);
    if (tables.isEmpty) deleteAll(this.#surroundings());
  }
}
