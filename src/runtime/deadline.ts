/** No timer is set for longer. So a timer that is set also serves the next wait, even a shorter one. */
const LONGEST_TIMER_MS = 10_000;

/**
 * One timer for many short waits in a row. Setting and clearing a timer for every read and write of a connection costs
 * as much as a small read. Here a wait only moves a number, and the timer looks at the number when it fires.
 *
 * workerd has no clock but the wall clock, and its timers do not follow it. If the clock is set back, the timer fires
 * before the time that it was set to; the wait ends at the right moment all the same.
 */
export class Deadline {
  readonly #expire: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #firesAt = 0;
  /** When the last wait began, or the timer last looked. */
  #seenAt = 0;
  /** Milliseconds since 1970; Infinity while nothing is waited for. */
  #at = Number.POSITIVE_INFINITY;
  #isStopped = false;

  /** @param expire is called when a wait has taken too long */
  constructor(expire: () => void) {
    this.#expire = expire;
  }

  /** A wait begins, in place of the one before. */
  start(seconds: number): void {
    if (this.#isStopped) return;
    const now = Date.now();
    this.#at = now + seconds * 1000;
    // If the clock was set back before this wait, the old timer would cut the wait short: start it anew.
    if (this.#timer === null || this.#firesAt > this.#at || now < this.#seenAt) this.#set(now);
    this.#seenAt = now;
  }

  /** The wait is over; the timer stays set for the next one. */
  end(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** Ends the wait and the timer; later waits are not watched. */
  stop(): void {
    this.#isStopped = true;
    this.end();
    this.#clear();
  }

  #set(now: number): void {
    this.#clear();
    this.#firesAt = Math.min(this.#at, now + LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#look(), this.#firesAt - now);
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    this.#timer = null;
    if (this.#at === Number.POSITIVE_INFINITY) return;
    const now = Date.now();
    this.#seenAt = now;
    // If the clock shows less than the time that the timer was set to, it was set back by the difference.
    this.#at -= Math.max(0, this.#firesAt - now);
    if (this.#at > now) this.#set(now);
    else this.#expire();
  }
}
