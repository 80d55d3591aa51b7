import { type Config, directoryOf, type UploadDirectory } from "../config/config.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { SessionRecord } from "../protocol/session-record.ts";
import { stateOf } from "../protocol/transitions.ts";
import { endOf } from "./lifetime.ts";
import type { SessionSummary } from "./operator-calls.ts";
import { type NoRecord, parseRecord } from "./parse-record.ts";
import type { SessionRow, SessionTables } from "./session-tables.ts";
import { StoredBytes } from "./stored-bytes.ts";

/** What is known of a session beside its record. */
interface Known {
  readonly id: SessionId;
  /** Bytes of its entity that are stored, and when the last came. */
  readonly fragments: { readonly length: number; readonly lastReceivedAt: number };
  readonly directory: UploadDirectory | null;
  readonly isHandingOver: boolean;
  /** When its time is over, milliseconds since 1970. */
  readonly until: number;
}

/** The row of a session in its operator's list. */
export function summarize(record: SessionRecord | NoRecord, known: Known): SessionSummary {
  const { id: session, fragments, directory, isHandingOver, until } = known;
  const { length, lastReceivedAt } = fragments;
  if (typeof record === "string") {
    const unknown = { directory: null, client: null, destination: null, total: null, changedAt: null };
    const nothing = { offset: length, attempts: 0, lastOutcome: null, until: null };
    return { session, ...unknown, ...nothing, state: record };
  }
  const { commit, total, changedAt } = record;
  const isTaken = record.state === "committed" || record.state === "delivered";
  return {
    session,
    directory: directory?.path ?? null,
    client: record.clientAddress,
    destination: record.destination.replace(/\?.*/s, ""),
    total,
    offset: isTaken ? (total ?? length) : length,
    state: stateOf(record, length, directory, isHandingOver),
    attempts: commit?.attempts ?? attemptsToTell(record),
    lastOutcome: commit?.fault?.fault ?? (isTaken ? "accepted" : null),
    changedAt: Math.max(changedAt, lastReceivedAt),
    until,
  };
}

/** What is left to do after a notification has a commit of its own: then only the history has the attempts that came before. */
function attemptsToTell({ history = [] }: SessionRecord): number {
  return history.findLast(({ event }) => event === "commit-ended")?.attempt ?? 0;
}

/** The list row of a session that need not be in memory, made from its stored row; null if the session is forgotten. */
export function summarizeRow(
  tables: SessionTables,
  row: SessionRow,
  config: Config,
  isHandingOver: boolean,
): SessionSummary | null {
  if (row.record === null) return null;
  const record = parseRecord(row.record);
  const fragments = new StoredBytes(tables, "fragments", row.key, false);
  const directory = typeof record === "string" ? null : directoryOf(config, record.destination);
  const until = typeof record === "string" ? 0 : endOf(record, fragments.lastReceivedAt, directory);
  return summarize(record, { id: row.id, fragments, directory, isHandingOver, until });
}
