import type { Check } from "./machine.ts";
import { OUTCOME_CHECKS } from "./outcome-checks.ts";
import { PIECE_CHECKS } from "./piece-checks.ts";
import { RECORD_CHECKS } from "./record-checks.ts";
import { NEEDS_CHECKS, RESULT_CHECKS, STATE_CHECKS, TOMBSTONE_CHECKS } from "./state-checks.ts";
import { STORY_CHECKS } from "./story-checks.ts";

/** Everything that is said of the machine, as data: the tests run it, and every mutant has to fail some of it. */
export const CHECKS: { readonly [group: string]: readonly Check[] } = {
  "A session's story": STORY_CHECKS,
  "Where a session stands": STATE_CHECKS,
  "The record after": RECORD_CHECKS,
  "Whether it is over:": TOMBSTONE_CHECKS,
  "What is kept in": NEEDS_CHECKS,
  "What is said again in": RESULT_CHECKS,
  "A piece": PIECE_CHECKS,
  "The application's outcome": OUTCOME_CHECKS,
};
