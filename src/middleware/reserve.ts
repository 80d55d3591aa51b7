import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import { objectOf } from "../runtime/placement.ts";

type Bindings = Pick<Env, "UPLOAD_SESSIONS">;

/**
 * Room on the disk of a self-hosted edge. If sessions share a database, removing one takes room, because SQLite writes each
 * change to its log first. So an object without sessions keeps some room, and gives it up when a session has to be
 * cancelled on a full disk.
 */
const NAME = "reserve";
/** After the reserve was given up, its room stays free for so long. */
const LEFT_ALONE_MS = 60_000;

/** When this isolate may ask for the reserve, milliseconds since 1970; Infinity once the reserve is there. */
let isWantedFrom = 0;

/** Makes sure that there is a reserve; asked once for each isolate. */
export async function holdReserve(bindings: Bindings, config: Config): Promise<void> {
  if (Date.now() < isWantedFrom) return;
  isWantedFrom = Number.POSITIVE_INFINITY;
  // The disk may have no room for the reserve either.
  await reserveOf(bindings, config).holdReserve().catch(leaveAlone);
}

/** Gives the reserve up. */
export async function giveUpReserve(bindings: Bindings, config: Config): Promise<void> {
  leaveAlone();
  await reserveOf(bindings, config).giveUpReserve();
}

function reserveOf({ UPLOAD_SESSIONS }: Bindings, { placement }: Config) {
  return objectOf(UPLOAD_SESSIONS, NAME, placement);
}

function leaveAlone(): void {
  isWantedFrom = Date.now() + LEFT_ALONE_MS;
}
