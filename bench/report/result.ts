import type { Machine } from "../machine/machine.ts";
import type { Figure } from "../measure/figure.ts";

/** One suite's figures, as they stand in latest.json. */
export interface SuiteResult {
  readonly name: string;
  readonly title: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly figures: readonly Figure[];
}

/** Everything that was measured last, suite by suite: one may be run again without the others. */
export interface Result {
  readonly suites: readonly SuiteResult[];
}
