import type { Overview, Seat, SessionSearch, SessionSummary, SessionsFound } from "../seat.ts";
import { groupOf } from "./groups.ts";
import type { State } from "./state-words.ts";
import type { View } from "./view.ts";

/** Rows of a page. */
export const ROWS = 50;

/** How far one state's list was read: the cursor of a page of the seat's, and how many rows of that page were shown. */
interface Place {
  readonly cursor: string;
  readonly shown: number;
}
type Places = Readonly<Partial<Record<State, Place>>>;

const START: Place = { cursor: "", shown: 0 };

/**
 * A page of the sessions of a view, the one that changed last first. The seat lists single states. If a group has several,
 * this merges their lists, and the cursor says how far each was read. It does not ask for a state without sessions.
 */
export async function findSessions(
  seat: Seat,
  view: View,
  { sessionsByState }: Pick<Overview, "sessionsByState">,
  now: number,
): Promise<SessionsFound> {
  const { states } = groupOf(view.state);
  const search = searchOf(view, now);
  const [first, ...others] = states ?? [];
  if (first === undefined) return seat.sessions(from(search, view.cursor));
  if (others.length === 0) return seat.sessions(from({ ...search, state: first }, view.cursor));
  const places = readPlaces(view.cursor);
  const lists = [first, ...others]
    .filter((state) => (sessionsByState[state] ?? 0) > 0 && (places === null || places[state] !== undefined))
    .map(async (state) => await readOn(seat, { ...search, state }, places?.[state] ?? START));
  return merge(await Promise.all(lists));
}

function searchOf({ directory, client, path, quiet }: View, now: number): SessionSearch {
  return {
    limit: ROWS,
    ...(directory === "" ? {} : { directory }),
    ...(client === "" ? {} : { client }),
    ...(path === "" ? {} : { path }),
    ...(quiet === 0 ? {} : { changedBefore: now - quiet * 1000 }),
  };
}

function from<S extends SessionSearch>(search: S, cursor: string): S {
  return cursor === "" ? search : { ...search, cursor };
}

/** One state's rows from a place on, as many as a page has if there are as many. */
interface List {
  readonly state: State;
  readonly rows: readonly SessionSummary[];
  /** Where the list goes on after so many of `rows`; null if nothing follows. */
  readonly placeAfter: (taken: number) => Place | null;
}

async function readOn(
  seat: Seat,
  search: SessionSearch & { readonly state: State },
  { cursor, shown }: Place,
): Promise<List> {
  const page = await seat.sessions(from(search, cursor));
  const { sessions: further, next: last } =
    page.next === null || shown === 0
      ? { sessions: [], next: page.next }
      : await seat.sessions(from(search, page.next));
  const middle = page.next ?? "";
  return {
    state: search.state,
    rows: [...page.sessions.slice(shown), ...further],
    placeAfter: (taken) => {
      const ofPage = shown + taken;
      const ofFurther = ofPage - page.sessions.length;
      if (ofFurther < 0) return { cursor, shown: ofPage };
      if (ofFurther < further.length) return { cursor: middle, shown: ofFurther };
      return last === null ? null : { cursor: last, shown: 0 };
    },
  };
}

function merge(lists: readonly List[]): SessionsFound {
  const sessions = lists
    .flatMap(({ rows }) => rows)
    .toSorted((one, other) => (other.changedAt ?? 0) - (one.changedAt ?? 0))
    .slice(0, ROWS);
  const shown = new Set(sessions);
  const places = lists.flatMap(({ state, rows, placeAfter }): [State, Place][] => {
    const place = placeAfter(rows.filter((row) => shown.has(row)).length);
    return place === null ? [] : [[state, place]];
  });
  return { sessions, next: places.length === 0 ? null : formatPlaces(places) };
}

function formatPlaces(places: readonly (readonly [State, Place])[]): string {
  return places
    .map(([state, { cursor, shown }]) => `${state}.${shown}.${encodeURIComponent(cursor)}`)
    .join(" ");
}

/** Reads a cursor; null for the first page, and if the text is no cursor of ours. */
function readPlaces(text: string): Places | null {
  const places: Partial<Record<State, Place>> = {};
  for (const part of text.split(" ")) {
    const [, state, shown, cursor] = /^([a-z]+)\.(\d{1,4})\.(.*)$/.exec(part) ?? [];
    if (state === undefined || cursor === undefined) return null;
    places[state as State] = { cursor: decoded(cursor), shown: Number(shown) };
  }
  return places;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
