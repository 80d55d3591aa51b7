import { giveWay } from "./give-way.ts";
import type { SessionWorld } from "./session-world.ts";

/** Something that has bytes in storage which nobody needs any more. */
export interface Sweepable {
  /** Removes one slice of them, in some ten milliseconds. @returns whether none is left */
  sweep(): boolean;
}

/** Between two slices the other sessions of the object have their turn. */
const PAUSE_MS = 5;

/**
 * Removes what nobody needs any more, slice by slice, while others work. What it has not done when the object dies is
 * found again by the next life: a session that has something to be swept is due.
 */
export class Sweeper {
  readonly #world: SessionWorld;
  readonly #waiting = new Set<Sweepable>();
  isRunning = false;

  constructor(world: SessionWorld) {
    this.#world = world;
  }

  add(sweepable: Sweepable): void {
    this.#waiting.add(sweepable);
    if (this.isRunning) return;
    this.isRunning = true;
    this.#world.keepAlive(this.#run());
  }

  isWaiting(sweepable: Sweepable): boolean {
    return this.#waiting.has(sweepable);
  }

  /** One slice of each in turn. */
  async #run(): Promise<void> {
    for (;;) {
      await giveWay(this.#world, PAUSE_MS);
      const [next] = this.#waiting;
      if (next === undefined) break;
      this.#waiting.delete(next);
      try {
        if (!next.sweep()) this.#waiting.add(next);
      } catch (error) {
        // The alarm finds it again.
        this.#world.log("failed", { during: "sweep", error: String(error) });
      }
    }
    this.isRunning = false;
  }
}
