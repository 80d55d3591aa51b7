import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import { objectOf } from "../runtime/placement.ts";

type Bindings = Pick<Env, "UPLOAD_SESSIONS">;

/**
 * Room on the disk of a self-hosted edge. Where sessions share a database, to remove one takes room: SQLite writes what it
 * changes to its log first. So that a session can be cancelled on a disk that is full, an object of its own keeps some
 * room, and gives it up for that.
 */
const NAME = "reserve";
/** After it was given up the room is left to those who need it. */
const LEFT_ALONE_MS = 60_000;

/** When this isolate may ask for the reserve, milliseconds since 1970; Infinity once it is there. */
let isWantedFrom = 0;

/** Makes sure that there is a reserve; asked once for each isolate. */
export async function holdReserve(bindings: Bindings, config: Config): Promise<void> {
  if (Date.now() < isWantedFrom) return;
  isWantedFrom = Number.POSITIVE_INFINITY;
  // There may be no room for it either.
  await reserveOf(bindings, config).holdReserve().catch(leaveAlone);
}

/** Gives the room up. */
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
