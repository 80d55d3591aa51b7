import { describe, expect, test } from "vitest";
import { type Actions, type SessionState, TRANSITIONS } from "../../src/protocol/transitions.ts";
import { CHECKS } from "./machine/checks.ts";
import { MACHINE } from "./machine/machine.ts";
import { cellsOf } from "./machine/story-checks.ts";

describe.each(Object.entries(CHECKS))("%s:", (_, checks) => {
  test.each(checks)("%s", (_sentence, holds) => holds(MACHINE));
});

test("every cell of the table is in a story", () => {
  const cells = cellsOf(Object.keys(TRANSITIONS) as SessionState[]);
  expect([...cells].filter(([, stories]) => stories === 0)).toEqual([]);
});

// @ts-expect-error "await" is missing, so the end of the function is reached without a value
const answerCancel = (action: Actions["Cancel"]): string => {
  switch (action) {
    case "cancel":
      return "delete everything";
    case "acknowledge":
      return "nothing to delete";
  }
};

test("a switch that drops a case of its column does not compile", () => {
  expect(answerCancel("cancel")).toBe("delete everything");
});
