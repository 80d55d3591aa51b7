import type { SessionCounter } from "./session-counter.ts";
import type { SessionIndex } from "./session-index.ts";
import type { UploadSegment } from "./upload-segment.ts";

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
  /**
   * Store what a session's own object has no room for.
   *
   * @default no upload of more than 9,000,000,000 bytes
   */
  readonly UPLOAD_SEGMENTS?: DurableObjectNamespace<UploadSegment>;
}
