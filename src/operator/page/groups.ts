import type { Overview } from "../seat.ts";
import { STATES, type State } from "./state-words.ts";

/** States that are looked at together; null for all of them. */
export interface Group {
  readonly name: string;
  readonly states: readonly State[] | null;
}

const ALL = Object.keys(STATES) as State[];

/** Whether a session can still become anything else. */
function isOpen(state: State): boolean {
  return STATES[state].tone !== "over" && state !== "committed";
}

const OPEN: Group = { name: "Open", states: ALL.filter(isOpen) };

/** What the list may be asked for, by the word in the URL: several states together, then each by itself. */
export const GROUPS: ReadonlyMap<string, Group> = new Map<string, Group>([
  ["open", OPEN],
  ["waiting", { name: "Waiting for the origin", states: ["complete", "committing", "orphaned", "failed"] }],
  ["not-taken", { name: "Not taken or refused", states: ["failed", "refused"] }],
  ["all", { name: "All", states: null }],
  ...ALL.map((state): [string, Group] => [state, { name: STATES[state].name, states: [state] }]),
]);

/** The group with this word; for an unknown word, the group that the page shows first. */
export function groupOf(word: string): Group {
  return GROUPS.get(word) ?? OPEN;
}

/** Uploads of which a byte came within the last minute and that are not whole yet: as many as both figures allow. */
export function receivingNow(overview: Overview): number {
  return Math.min(overview.receiving.sessions, overview.sessionsByState.receiving ?? 0);
}

/** How many sessions stand in one of these states. */
export function countIn({ sessionsByState }: Overview, { states }: Group): number {
  return (states ?? ALL).reduce((sum, state) => sum + (sessionsByState[state] ?? 0), 0);
}
