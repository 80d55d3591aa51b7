import type { SessionCounter } from "./session-counter.ts";

/** What a session's object takes from its surroundings beside the settings that `readConfig` reads. */
export interface SessionBindings {
  /** Counts open sessions where a directory limits them. */
  readonly SESSION_COUNTERS: DurableObjectNamespace<SessionCounter>;
}
