import { isTombstone } from "../protocol/transitions.ts";
import { type Outbox, RESUME_AFTER_MS } from "./outbox.ts";
import type { Session } from "./session.ts";

/**
 * Looks after a session that is due: takes up a commit that nobody runs any more, has bytes swept, or removes what is
 * over. It starts what takes longer and does not wait for it.
 *
 * @param forget removes everything of the session
 * @returns when to look again, milliseconds since 1970, whatever is stored; Infinity to go by what is stored
 * @throws if the record cannot be read, or the configuration
 */
export function lookAfter(session: Session, outbox: Outbox, forget: () => void): number {
  const { store, world } = session;
  const { waste } = store;
  const now = world.now();
  if (store.isForgotten) {
    waste.sweepUntil(now);
    return now + RESUME_AFTER_MS;
  }
  if (store.isUnreadable && session.latestEnd <= now) return expire("unreadable");
  const { record } = store;
  const directory = session.directory();
  if (record === null) return Number.POSITIVE_INFINITY;
  if (session.isHandingOver || (record.state === "committing" && directory !== null)) {
    if (directory !== null) outbox.start(directory);
    return now + RESUME_AFTER_MS;
  }
  const end = session.endOf(record);
  if (end <= now) return expire(session.state);
  if (waste.isStored) waste.sweepUntil(end);
  else store.postpone(end);
  // A session that lives past the end which was said when it began is still counted.
  if (!isTombstone(record)) session.place.keepUntil(end);
  return waste.isStored ? now + RESUME_AFTER_MS : Number.POSITIVE_INFINITY;

  function expire(state: string): number {
    session.journal.write("expired", { state });
    forget();
    return Number.POSITIVE_INFINITY;
  }
}
