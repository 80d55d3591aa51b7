/** How patiently an upload tries again. */
export interface Patience {
  /** The first wait; each next one is twice as long. */
  readonly firstSeconds: number;
  /** The longest; Windows waits so long every time (IBackgroundCopyJob::SetMinimumRetryDelay). */
  readonly longestSeconds: number;
  /** After so long without progress it gives up for now; Windows: 14 days (SetNoProgressTimeout). */
  readonly noProgressSeconds: number;
}

/** No server may make a client wait longer than this by Retry-After. */
const LONGEST_RETRY_AFTER_SECONDS = 3600;

/** Nobody is asked again at once, whatever the command line says. */
const LEAST_SECONDS = 0.1;

/**
 * Counts failures in a row and says how long to wait. The clock and the dice are given, so that it can be tested.
 */
export class WaitTimes {
  readonly #patience: Patience;
  readonly #now: () => number;
  readonly #random: () => number;
  #failures = 0;
  #best = -1;
  #bestAt: number;

  /** @param now milliseconds that never go back @param random 0 to 1 */
  constructor(patience: Patience, now: () => number, random: () => number) {
    this.#patience = patience;
    this.#now = now;
    this.#random = random;
    this.#bestAt = now();
  }

  /** The server has so many bytes: it is progress where it never had so many. */
  reached(offset: number): void {
    this.#failures = 0;
    if (offset <= this.#best) return;
    this.#best = offset;
    this.#bestAt = this.#now();
  }

  /**
   * Another failure.
   *
   * @returns seconds to wait, or null where there was no progress for too long
   */
  next(retryAfterSeconds: number | null): number | null {
    const { firstSeconds, longestSeconds, noProgressSeconds } = this.#patience;
    const silent = (this.#now() - this.#bestAt) / 1000;
    if (silent >= noProgressSeconds) return null;
    const doubled = Math.min(Math.max(firstSeconds, LEAST_SECONDS) * 2 ** this.#failures, longestSeconds);
    this.#failures += 1;
    // Up to a fifth less, so that clients that lost the same server do not come back as one.
    const spread = doubled * (1 - this.#random() / 5);
    const asked = Math.min(retryAfterSeconds ?? 0, LONGEST_RETRY_AFTER_SECONDS);
    return Math.max(Math.min(spread, noProgressSeconds - silent), asked);
  }
}
