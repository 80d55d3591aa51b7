/** Rates of the last seconds count, older ones fade: half of it after so long. */
const HALF_LIFE_SECONDS = 5;

/** Bytes a second, smoothed, so that a person can read it. */
export class RateMeter {
  #bytes = 0;
  #seconds: number | null = null;
  #rate: number | null = null;

  /**
   * @param bytes how far it is now; may go back, where the server had less
   * @param seconds the time, of a clock that never goes back
   * @returns bytes a second; null as long as nobody can tell
   */
  at(bytes: number, seconds: number): number | null {
    const before = this.#seconds;
    if (before === null || bytes < this.#bytes) {
      this.#bytes = bytes;
      this.#seconds = seconds;
      return this.#rate;
    }
    const elapsed = seconds - before;
    // Single reads from the disk tell nothing.
    if (elapsed < 0.25) return this.#rate;
    const now = (bytes - this.#bytes) / elapsed;
    const weight = 1 - 2 ** (-elapsed / HALF_LIFE_SECONDS);
    this.#rate = this.#rate === null ? now : this.#rate + (now - this.#rate) * weight;
    this.#bytes = bytes;
    this.#seconds = seconds;
    return this.#rate > 0 ? this.#rate : null;
  }
}
