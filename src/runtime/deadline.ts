/** A timer is never set for longer, so that one which is set serves the next wait, shorter or not. */
const LONGEST_TIMER_MS = 10_000;

/**
 * One timer for many short waits in a row. To set and clear a timer for every read and write of a connection
 * costs as much as a small read; this one is moved by a number, and looks at it when it fires.
 *
 * workerd has no clock but that of the wall, but its timers go by none. So a clock that is put back shows when the
 * timer fires before its time, and makes no wait longer.
 */
export class Deadline {
  readonly #expire: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #firesAt = 0;
  /** When the last wait began, or was looked at. */
  #seenAt = 0;
  /** Milliseconds since 1970; Infinity while nothing is waited for. */
  #at = Number.POSITIVE_INFINITY;
  #isStopped = false;

  /** @param expire called for a wait that took too long */
  constructor(expire: () => void) {
    this.#expire = expire;
  }

  /** A wait begins, in place of the one before. */
  start(seconds: number): void {
    if (this.#isStopped) return;
    const now = Date.now();
    this.#at = now + seconds * 1000;
    // A clock that was put back before this wait is to take nothing from it: the timer starts by the new time.
    if (this.#timer === null || this.#firesAt > this.#at || now < this.#seenAt) this.#set(now);
    this.#seenAt = now;
  }

  /** The wait is over; the timer stays, for the next. */
  end(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** No wait will begin any more. */
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
    // Where it is not yet the time that the timer was set to, the clock was put back by as much.
    this.#at -= Math.max(0, this.#firesAt - now);
    if (this.#at > now) this.#set(now);
    else this.#expire();
  }
}
