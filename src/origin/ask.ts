import type { Network } from "../runtime/network.ts";

/** More than an origin keeps open for the edge, of which each may be one that it has given up. */
const TRIES = 4;

/**
 * Asks the origin by a method that changes nothing (RFC 9110 section 9.2.1), so that it may be asked again: `fetch` takes a
 * connection that was kept, and an origin that has given it up resets it (RFC 9112 section 9.3.1). That one is gone then,
 * and the next try has another, or a fresh one. Redirects are not followed.
 *
 * @throws what `fetch` throws, where none of the tries is answered
 */
export async function ask(
  network: Pick<Network, "fetch">,
  url: string,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  for (let left = TRIES - 1; ; left--) {
    try {
      return await network.fetch(url, { ...init, redirect: "manual" });
    } catch (error) {
      if (left === 0 || init.signal.aborted) throw error;
    }
  }
}
