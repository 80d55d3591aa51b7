/** What happened to a session, for the operator's log. docs/operations.md lists the events. */
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
  | "finished"
  | "discarded"
  | "cancelled"
  | "expired"
  | "misconfigured"
  | "failed";

/**
 * One line of JSON for each event. Never a body, a secret or a credential: a caller names each field
 * that it logs, and passes no header and no request.
 */
export function log(
  event: LogEvent,
  fields: Readonly<Record<string, string | number | boolean | null>>,
): void {
  console.log(JSON.stringify({ at: new Date().toISOString(), event, ...fields }));
}
