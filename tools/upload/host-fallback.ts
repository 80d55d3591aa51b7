import type { OtherHost } from "./progress.ts";

/**
 * Which host the packets of a session go to, [MC-BUP] 3.1.5.1.7 and 3.1.6.3: the one that the server named; and the
 * URL's own again when that one has failed for the fallback timeout without taking a Fragment.
 */
export class HostFallback {
  readonly #now: () => number;
  #troubleSince: number | null = null;
  /** What an earlier Ack of Create-Session named, and was given up. */
  #leftHost: OtherHost | null = null;

  /** @param now milliseconds that never go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The id of the host to use; null for the URL's own, to which a session stays when it has come back to it. */
  hostFor(host: OtherHost | null): string | null {
    if (host === null || host === this.#leftHost) return null;
    const { fallbackTimeoutSeconds: timeout } = host;
    if (timeout === null || this.#troubleSince === null) return host.id;
    if (this.#now() - this.#troubleSince < timeout * 1000) return host.id;
    this.#leftHost = host;
    return null;
  }

  /** A packet failed. */
  failed(): void {
    this.#troubleSince ??= this.#now();
  }

  /** A Fragment was taken. */
  worked(): void {
    this.#troubleSince = null;
  }
}
