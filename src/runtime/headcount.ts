/**
 * Counts the things that run in this isolate. The runtime stops a cancelled request at once and runs not even its
 * `finally`, so an entry that was silent for a while no longer counts.
 */
export class Headcount {
  readonly #silenceMs: number;
  /** When each entry was last heard, in milliseconds since 1970; the entry that was silent longest comes first. */
  readonly #heardAt = new Map<object, number>();
  /** The last reading of the clock, to notice when the clock is set back. */
  #lookedAt = 0;

  /** @param silenceSeconds how long an entry may be silent and still count */
  constructor(silenceSeconds: number) {
    this.#silenceMs = silenceSeconds * 1000;
  }

  get size(): number {
    const tooLongAgo = this.#now() - this.#silenceMs;
    for (const [entry, heardAt] of this.#heardAt) {
      if (heardAt > tooLongAgo) break;
      this.#heardAt.delete(entry);
    }
    return this.#heardAt.size;
  }

  /** `entry` begins, or goes on. */
  heard(entry: object): void {
    this.#heardAt.delete(entry);
    this.#heardAt.set(entry, this.#now());
  }

  /** If the clock was set back, entries may lie in the future; count them as heard just now. */
  #now(): number {
    const now = Date.now();
    if (now < this.#lookedAt) {
      for (const [entry, heardAt] of this.#heardAt) this.#heardAt.set(entry, Math.min(heardAt, now));
    }
    this.#lookedAt = now;
    return now;
  }

  /** `entry` has ended. */
  over(entry: object): void {
    this.#heardAt.delete(entry);
  }
}
