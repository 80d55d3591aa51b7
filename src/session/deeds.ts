import type { SessionState } from "../protocol/transitions.ts";
import type { Deed, DeedKind } from "./operator-calls.ts";

/** A deed; "release" is two, by what the operator says of the application. */
export type DeedName = "commit" | "has-it" | "has-it-not" | "cancel" | "prolong";

/**
 * What a deed does: "start" an attempt, or "join" the one that runs; "place" the file at its destination, if the
 * application has asked for that; "accept" the operator's word for the application's; "bury" the session as
 * Cancel-Session does; "extend" its time; "nothing", because it is done already.
 */
type Action = "start" | "join" | "place" | "accept" | "bury" | "extend" | "nothing";

/** Why a deed makes no sense. */
const NO = {
  missing: { why: "Some of its bytes are still to come, and only its client can send them." },
  heldFirst: {
    why: "Nobody knows whether the application has it: look there, then release it with what you found.",
  },
  notHeld: { why: "It is not held: there is no doubt to be ended." },
  runs: { why: "It is being handed to the application just now; wait until that has ended." },
  inDoubt: {
    why: "The edge died while it was handing it over, and settles that within seconds; ask again then.",
  },
  hasIt: { why: "The application has it, which cannot be undone." },
  over: { why: "It is over: it was closed or cancelled, and its bytes are gone." },
} as const;

/** A deed that makes no sense where the session stands. */
interface Refusal {
  readonly why: string;
}

/**
 * What an operator may do: a row for each state, a column for each deed. A repeated deed is done once: the second one joins
 * the attempt of the first, or finds nothing to do.
 */
// prettier-ignore
export const DEEDS: {
  readonly [state in SessionState]: { readonly [deed in DeedName]: Action | Refusal };
} = {
  new:        { commit: NO.missing,   "has-it": NO.notHeld, "has-it-not": NO.notHeld, cancel: "bury",    prolong: "extend" },
  receiving:  { commit: NO.missing,   "has-it": NO.notHeld, "has-it-not": NO.notHeld, cancel: "bury",    prolong: "extend" },
  complete:   { commit: "start",      "has-it": NO.notHeld, "has-it-not": NO.notHeld, cancel: "bury",    prolong: "extend" },
  committing: { commit: "join",       "has-it": NO.runs,    "has-it-not": "join",     cancel: NO.runs,   prolong: NO.runs },
  orphaned:   { commit: "start",      "has-it": NO.inDoubt, "has-it-not": NO.inDoubt, cancel: "bury",    prolong: NO.inDoubt },
  failed:     { commit: "start",      "has-it": NO.notHeld, "has-it-not": NO.notHeld, cancel: "bury",    prolong: "extend" },
  refused:    { commit: "start",      "has-it": NO.notHeld, "has-it-not": NO.notHeld, cancel: "bury",    prolong: "extend" },
  held:       { commit: NO.heldFirst, "has-it": "accept",   "has-it-not": "start",    cancel: "bury",    prolong: "extend" },
  delivered:  { commit: "place",      "has-it": NO.notHeld, "has-it-not": NO.hasIt,   cancel: "bury",    prolong: "extend" },
  committed:  { commit: "nothing",    "has-it": "nothing",  "has-it-not": NO.hasIt,   cancel: NO.hasIt,  prolong: NO.over },
  discarded:  { commit: NO.over,      "has-it": NO.over,    "has-it-not": NO.over,    cancel: "nothing", prolong: NO.over },
  cancelled:  { commit: NO.over,      "has-it": NO.over,    "has-it-not": NO.over,    cancel: "nothing", prolong: NO.over },
};

export function nameOf(deed: Deed): DeedName {
  return deed.kind === "release" ? deed.application : deed.kind;
}

/** Which deeds would change something now. */
export function deedsOf(state: SessionState): Record<DeedKind, boolean> {
  const row = DEEDS[state];
  const does = (deed: DeedName): boolean => typeof row[deed] === "string" && row[deed] !== "nothing";
  return {
    commit: does("commit"),
    release: does("has-it"),
    cancel: does("cancel"),
    prolong: does("prolong"),
  };
}
