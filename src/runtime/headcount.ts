/**
 * How many things are under way in this isolate. The runtime lets a request that it has cancelled run no further, not
 * even a `finally`: so what has not been heard of for a while is not counted any more.
 */
export class Headcount {
  readonly #silenceMs: number;
  /** Since when, in milliseconds since 1970; the one heard of longest ago comes first. */
  readonly #heardAt = new Map<object, number>();
  /** The latest look at the clock, which may be put back. */
  #lookedAt = 0;

  /** @param silenceSeconds after which nobody believes in something that was not heard of */
  constructor(silenceSeconds: number) {
    this.#silenceMs = silenceSeconds * 1000;
  }

  get size(): number {
    const tooLongAgo = this.#now() - this.#silenceMs;
    for (const [one, heardAt] of this.#heardAt) {
      if (heardAt > tooLongAgo) break;
      this.#heardAt.delete(one);
    }
    return this.#heardAt.size;
  }

  /** `one` begins, or goes on. */
  heard(one: object): void {
    this.#heardAt.delete(one);
    this.#heardAt.set(one, this.#now());
  }

  /** Whom the clock says to be heard of in the future was heard of just now, at the latest. */
  #now(): number {
    const now = Date.now();
    if (now < this.#lookedAt) {
      for (const [one, heardAt] of this.#heardAt) this.#heardAt.set(one, Math.min(heardAt, now));
    }
    this.#lookedAt = now;
    return now;
  }

  /** `one` is over. */
  over(one: object): void {
    this.#heardAt.delete(one);
  }
}
