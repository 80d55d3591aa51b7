import { SLICE_BYTES } from "./erase.ts";
import { giveWay } from "./give-way.ts";
import type { SessionWorld } from "./session-world.ts";

/** Something that has bytes in storage which nobody needs any more. */
export interface Sweepable {
  /** Removes one slice of them, in some ten milliseconds. @returns whether none is left */
  sweep(): boolean;
}

/** If storage refuses a sweep, on a full disk for example, the alarm rings again after this time. */
const RETRY_MS = 60_000;
/** The pause between two slices, in which the other sessions of the object have their turn. */
const PAUSE_MS = 5;

/**
 * Removes bytes that nobody needs any more, slice by slice, while others work. If the object dies before the end, its next
 * life finds the rest: a session with bytes to be swept is due.
 */
export class Sweeper {
  readonly #world: SessionWorld;
  readonly #wakeBy: (time: number) => void;
  readonly #waiting = new Set<Sweepable>();
  /** Sweeps that storage refused; the alarm tries them again. */
  readonly #refused = new Set<Sweepable>();
  isRunning = false;
  /** Bytes that were stored since the last slice that was swept for them. */
  #storedBytes = 0;

  /** @param wakeBy has the object's alarm ring at a time, milliseconds since 1970, or before */
  constructor(world: SessionWorld, wakeBy: (time: number) => void) {
    this.#world = world;
    this.#wakeBy = wakeBy;
  }

  /**
   * Sweeps one slice at once, and the rest later. Never throws: the caller only gives bytes up, and the alarm tries
   * again.
   */
  sweep(sweepable: Sweepable): void {
    if (!this.#sweepSlice(sweepable)) this.add(sweepable);
  }

  add(sweepable: Sweepable): void {
    this.#waiting.add(sweepable);
    if (this.isRunning) return;
    this.isRunning = true;
    this.#world.keepAlive(this.#run());
  }

  isWaiting(sweepable: Sweepable): boolean {
    return this.#waiting.has(sweepable) || this.#refused.has(sweepable);
  }

  /**
   * So many bytes are about to be stored. If a sweep waits, it first removes as many: the new bytes take the place of the old
   * ones. Otherwise a busy object would store more than it sweeps in its pauses, and its file would grow.
   */
  keepPace(bytes: number): void {
    if (!this.isRunning) return;
    this.#storedBytes += bytes;
    if (this.#storedBytes < SLICE_BYTES) return;
    this.#storedBytes -= SLICE_BYTES;
    this.#sweepNext();
  }

  /** The alarm has rung: tries again what storage refused before. */
  retry(): void {
    const refused = [...this.#refused];
    this.#refused.clear();
    for (const sweepable of refused) this.add(sweepable);
  }

  async #run(): Promise<void> {
    do await giveWay(this.#world, PAUSE_MS);
    while (this.#sweepNext());
    this.isRunning = false;
  }

  /** One slice of each in turn. @returns whether there was any */
  #sweepNext(): boolean {
    const [next] = this.#waiting;
    if (next === undefined) return false;
    this.#waiting.delete(next);
    if (!this.#sweepSlice(next)) this.#waiting.add(next);
    return true;
  }

  /** @returns whether nothing is left to be done for `sweepable` now */
  #sweepSlice(sweepable: Sweepable): boolean {
    try {
      return sweepable.sweep();
    } catch (error) {
      this.#world.log("failed", { during: "sweep", error: String(error) });
      this.#refused.add(sweepable);
      this.#wakeBy(this.#world.now() + RETRY_MS);
      return true;
    }
  }
}
