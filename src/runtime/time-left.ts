/**
 * The rest of a time that several waits share. workerd has no clock but the wall clock, and `performance.now()` is the
 * same clock. If the clock is set back between two looks, the step counts as no time and adds none.
 */
export class TimeLeft {
  #leftMs: number;
  #lookedAt = Date.now();

  constructor(seconds: number) {
    this.#leftMs = seconds * 1_000;
  }

  /** Subtracts the time since the last look; gives the seconds that are left. */
  secondsLeft(): number {
    const now = Date.now();
    this.#leftMs = Math.max(0, this.#leftMs - Math.max(0, now - this.#lookedAt));
    this.#lookedAt = now;
    return this.#leftMs / 1_000;
  }
}
