const WINDOW_MS = 5 * 60 * 1000;

/** The longest delay within the last five to ten minutes; in memory only. */
export class Lag {
  #begunAt = 0;
  #now = 0;
  #before = 0;

  /** @param now milliseconds since 1970, here and below */
  add(milliseconds: number, now: number): void {
    this.#turn(now);
    this.#now = Math.max(this.#now, milliseconds);
  }

  most(now: number): number {
    this.#turn(now);
    return Math.max(this.#now, this.#before);
  }

  #turn(now: number): void {
    const past = Math.abs(now - this.#begunAt);
    if (past < WINDOW_MS) return;
    this.#before = past < 2 * WINDOW_MS ? this.#now : 0;
    this.#now = 0;
    this.#begunAt = now;
  }
}
