import type { Env } from "../env.ts";

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
export async function holdReserve({ UPLOAD_SESSIONS }: Pick<Env, "UPLOAD_SESSIONS">): Promise<void> {
  if (Date.now() < isWantedFrom) return;
  isWantedFrom = Number.POSITIVE_INFINITY;
  // There may be no room for it either.
  await UPLOAD_SESSIONS.getByName(NAME).holdReserve().catch(leaveAlone);
}

/** Gives the room up. */
export async function giveUpReserve({ UPLOAD_SESSIONS }: Pick<Env, "UPLOAD_SESSIONS">): Promise<void> {
  leaveAlone();
  await UPLOAD_SESSIONS.getByName(NAME).giveUpReserve();
}

function leaveAlone(): void {
  isWantedFrom = Date.now() + LEFT_ALONE_MS;
}
