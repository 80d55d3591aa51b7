/** A timer is never set for longer, so that one which is set serves the next wait, shorter or not. */
const LONGEST_TIMER_MS = 10_000;

/**
 * One timer for many short waits in a row. To set and clear a timer for every read and write of a connection
 * costs as much as a small read; this one is moved by a number, and looks at it when it fires.
 */
export class Deadline {
  readonly #expire: () => void;
  #timer: number | null = null;
  #firesAt = 0;
  /** Milliseconds since 1970; Infinity while nothing is waited for. */
  #at = Number.POSITIVE_INFINITY;

  /** @param expire called for a wait that took too long */
  constructor(expire: () => void) {
    this.#expire = expire;
  }

  /** A wait begins. */
  start(seconds: number): void {
    const now = Date.now();
    this.#at = now + seconds * 1000;
    if (this.#timer === null || this.#firesAt > this.#at) this.#set(now);
  }

  /** The wait is over; the timer stays, for the next. */
  end(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** No wait will begin any more. */
  stop(): void {
    this.end();
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #set(now: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = Math.min(this.#at, now + LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#look(), this.#firesAt - now);
  }

  #look(): void {
    this.#timer = null;
    const now = Date.now();
    if (this.#at === Number.POSITIVE_INFINITY) return;
    if (this.#at > now) this.#set(now);
    else this.#expire();
  }
}
