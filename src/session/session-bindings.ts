import type { SessionCounter } from "./session-counter.ts";
import type { SessionIndex } from "./session-index.ts";

/** The bindings that a session's object uses, beside the settings that `readConfig` reads. */
export interface SessionBindings {
  /** Counts open sessions where a directory limits them. */
  readonly SESSION_COUNTERS: DurableObjectNamespace<SessionCounter>;
  /**
   * Lists sessions that have an object each, for the operator.
   *
   * @default no list of these; everything else works
   */
  readonly SESSION_INDEX?: DurableObjectNamespace<SessionIndex>;
}
