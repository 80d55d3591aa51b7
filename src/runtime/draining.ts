/** What is to be done when this edge is told that it will end; each in the request that it was said in. */
const waiting = new Set<() => void>();
let isBegun = false;

/**
 * Whether this edge is about to end. Then `/ready` says no, and every answer of the TCP door ends its connection, so that
 * a client's next request goes over a new one: to another edge, or to this one's next life.
 */
export function isDraining(): boolean {
  return isBegun;
}

/** The edge is about to end, and nothing takes that back. */
export function beginDraining(): void {
  isBegun = true;
  for (const begin of waiting) begin();
  waiting.clear();
}

/**
 * Calls `act` once when draining begins.
 *
 * A request may not touch the socket of another one, so `act` runs where this function was called, by a promise.
 *
 * @returns what forgets it again
 */
export function whenDraining(act: () => void): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  void promise.then(act);
  if (isBegun) resolve();
  else waiting.add(resolve);
  return () => waiting.delete(resolve);
}
