import { UNSEEN } from "./visible.ts";

/** What the list shows, as the page's URL says it. Empty texts narrow nothing. */
export interface View {
  /** A word of `GROUPS`. */
  readonly state: string;
  readonly directory: string;
  readonly client: string;
  readonly path: string;
  /** Seconds in which nothing was heard of a session. */
  readonly quiet: number;
  readonly cursor: string;
}

export const FIRST_VIEW: View = { state: "open", directory: "", client: "", path: "", quiet: 0, cursor: "" };

const LONGEST = 4_096;

/** The view that a query asks for. Unknown fields and senseless values are left out. */
export function readView(query: Readonly<Record<string, string | undefined>>): View {
  const text = (name: string): string => (query[name] ?? "").replaceAll(UNSEEN, "").trim().slice(0, LONGEST);
  const quiet = Number(text("quiet"));
  return {
    state: text("state") || FIRST_VIEW.state,
    directory: text("directory"),
    client: text("client"),
    path: text("path"),
    quiet: Number.isSafeInteger(quiet) && quiet > 0 ? quiet : 0,
    cursor: text("cursor"),
  };
}

/** The query of a view, with its question mark; empty for the first one. */
export function formatView(view: View): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(view)) {
    if (value !== FIRST_VIEW[name as keyof View]) query.set(name, String(value));
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}

/** Whether more than the state narrows the list. */
export function isFiltered({ directory, client, path, quiet }: View): boolean {
  return directory !== "" || client !== "" || path !== "" || quiet > 0;
}
