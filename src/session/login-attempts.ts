const WINDOW_MS = 60_000;
const MOST_OF_CLIENT = 10;
/** The same number bounds how many clients are remembered. */
const MOST_OF_ALL = 100;

/** How often somebody has tried to be taken for the operator within a minute; in memory only. */
export class LoginAttempts {
  #since = 0;
  #all = 0;
  readonly #byClient = new Map<string, number>();

  /**
   * Counts one more attempt.
   *
   * @param client its address
   * @param now milliseconds since 1970
   * @returns whether the token may be looked at; an attempt that is turned away is not counted
   */
  mayTry(client: string, now: number): boolean {
    if (Math.abs(now - this.#since) >= WINDOW_MS) {
      this.#since = now;
      this.#all = 0;
      this.#byClient.clear();
    }
    const attempts = this.#byClient.get(client) ?? 0;
    if (attempts >= MOST_OF_CLIENT || this.#all >= MOST_OF_ALL) return false;
    this.#byClient.set(client, attempts + 1);
    this.#all += 1;
    return true;
  }
}
