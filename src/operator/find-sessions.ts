import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import { objectOf } from "../runtime/placement.ts";
import type { ListFigures, ListPage, ListQuery, Position } from "../session/operator-calls.ts";
import { INDEX_PARTS, indexName, sharedObjectName } from "../signed/session-place.ts";
import type { SessionSearch, SessionsFound } from "./seat.ts";

const DEFAULT_ROWS = 100;
const MOST_ROWS = 1_000;
const CURSOR = /^(\d{1,16})-([0-9A-F-]{36})?$/;

/** Something that has a list of sessions, an object away. */
export interface RemoteList {
  find(query: ListQuery): Promise<ListPage>;
  figures(): Promise<ListFigures>;
}

/**
 * All lists of sessions that this edge has: the lists of the objects that sessions share, and the parts of the index, which
 * lists sessions that have an object each. Without an index there are no parts.
 */
export function listsOf(
  { UPLOAD_SESSIONS, SESSION_INDEX }: Pick<Env, "UPLOAD_SESSIONS" | "SESSION_INDEX">,
  { sessionObjects, placement }: Config,
): RemoteList[] {
  const shared = Array.from({ length: sessionObjects }, (_, index) =>
    objectOf(UPLOAD_SESSIONS, sharedObjectName(index + 1), placement),
  );
  const parts =
    SESSION_INDEX === undefined
      ? []
      : Array.from({ length: INDEX_PARTS }, (_, part) => objectOf(SESSION_INDEX, indexName(part), placement));
  return [...shared, ...parts];
}

/**
 * One page from all lists, which are asked at once. A list looks through a bounded number of its rows, so it may stop
 * before it has found enough. Then the page ends where that list stopped, and the rows of the others beyond that place are
 * left for the next page.
 *
 * @returns fewer sessions than asked for, perhaps none, although `next` says that there are more to look through
 */
export async function findSessions(
  lists: readonly RemoteList[],
  search: SessionSearch,
): Promise<SessionsFound> {
  const limit = Math.min(Math.max(1, search.limit ?? DEFAULT_ROWS), MOST_ROWS);
  const query: ListQuery = {
    after: startOf(search),
    limit,
    ...(search.state === undefined ? {} : { state: search.state }),
    ...(search.directory === undefined ? {} : { directory: search.directory }),
    ...(search.client === undefined ? {} : { client: search.client }),
    ...(search.path === undefined ? {} : { path: search.path }),
  };
  const pages = await Promise.all(lists.map(async (list) => await list.find(query)));
  const ends = pages.flatMap(({ end }) => (end === null ? [] : [end]));
  const stop = ends.toSorted(newestFirst).at(0) ?? null;
  const reached = pages
    .flatMap(({ rows }) => rows)
    .filter(({ at }) => stop === null || newestFirst(at, stop) <= 0)
    .toSorted((one, other) => newestFirst(one.at, other.at));
  const shown = reached.slice(0, limit);
  const next = reached.length > limit ? (shown.at(-1)?.at ?? null) : stop;
  return {
    sessions: shown.map(({ session }) => session),
    next: next === null ? null : `${next.changed}-${next.session}`,
  };
}

function startOf({ cursor, changedBefore }: SessionSearch): Position | null {
  const [, changed = "", session = ""] = CURSOR.exec(cursor ?? "") ?? [];
  const after = changed === "" ? null : { changed: Number(changed), session };
  const before = changedBefore === undefined ? null : { changed: changedBefore, session: "" };
  if (after === null || before === null) return after ?? before;
  return newestFirst(after, before) > 0 ? after : before;
}

/** As the lists' own statements order them. */
function newestFirst(one: Position, other: Position): number {
  if (one.changed !== other.changed) return other.changed - one.changed;
  if (one.session === other.session) return 0;
  return one.session < other.session ? 1 : -1;
}
