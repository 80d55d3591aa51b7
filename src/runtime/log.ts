import { count } from "./metrics.ts";

/** What happened at the edge, for the operator's log. docs/operations.md lists the events. */
export type LogEvent =
  | "created"
  | "acked"
  | "abandoned"
  | "started"
  | "resumed"
  | "staged"
  | "completed"
  | "commit-started"
  | "commit-ended"
  | "destination-unreadable"
  | "origin-session-lost"
  | "origin-host-not-listed"
  | "finished"
  | "discarded"
  | "cancelled"
  | "expired"
  | "forwarded-not-believed"
  | "proxy-header-refused"
  | "connection-auth-removed"
  | "operator-login"
  | "operator-refused"
  | "operator-deed"
  | FailureEvent;

type FailureEvent = "misconfigured" | "failed" | "proxy-failed" | "door-error";

/** Events that are wrong by themselves; they are written at the level of errors. */
const FAILURES: { readonly [event in FailureEvent]: true } = {
  misconfigured: true,
  failed: true,
  "proxy-failed": true,
  "door-error": true,
};

/**
 * Writes one line of JSON for an event; no other code of src/ writes to the log. Never a body, a secret or a
 * credential: a caller names each field that it logs, and passes no header and no request.
 */
export function log(
  event: LogEvent,
  fields: Readonly<Record<string, string | number | boolean | null>>,
): void {
  const line = JSON.stringify({ at: new Date().toISOString(), event, ...fields });
  const isFailure = Object.hasOwn(FAILURES, event);
  if (isFailure) count("bitsedge_failures_total", { event });
  if (isFailure) console.error(line);
  else console.log(line);
}
