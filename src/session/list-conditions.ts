import type { ListQuery } from "./operator-calls.ts";

/** A condition of SQL, and what is bound to it. */
interface Condition {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/**
 * Conditions that an index answers, and conditions on the rows that it gives. One value leads an index; a client is
 * rarer than a state.
 */
export function conditionsOf({
  after,
  state,
  client,
  directory,
  path,
}: ListQuery): Record<"inner" | "outer", Condition[]> {
  const place = after ?? { changed: Number.MAX_SAFE_INTEGER, session: "" };
  const inner: Condition[] = [
    { text: "(changed, session) < (?, ?)", values: [place.changed, place.session] },
  ];
  const outer: Condition[] = [];
  if (client !== undefined) inner.push({ text: "client = ?", values: [client] });
  if (state !== undefined)
    (client === undefined ? inner : outer).push({ text: "state = ?", values: [state] });
  if (directory !== undefined) outer.push({ text: "directory = ?", values: [directory] });
  if (path !== undefined)
    outer.push({ text: "substr(lower(destination), 1, length(?)) = lower(?)", values: [path, path] });
  return { inner, outer };
}

export function whereOf(conditions: readonly Condition[]): string {
  return conditions.map(({ text }) => text).join(" AND ") || "1";
}
