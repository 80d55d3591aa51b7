/**
 * What is left of a time that several waits share. workerd has no clock but that of the wall, and `performance.now()` is
 * the same: what it is put back between two looks is taken for no time, and so makes nobody's time longer.
 */
export class TimeLeft {
  #leftMs: number;
  #lookedAt = Date.now();

  constructor(seconds: number) {
    this.#leftMs = seconds * 1_000;
  }

  /** Counts what has gone by since the last look; gives the seconds that are left. */
  takeStock(): number {
    const now = Date.now();
    this.#leftMs = Math.max(0, this.#leftMs - Math.max(0, now - this.#lookedAt));
    this.#lookedAt = now;
    return this.#leftMs / 1_000;
  }
}
