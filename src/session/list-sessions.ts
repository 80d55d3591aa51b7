import { type Config, directoryOf } from "../config/config.ts";
import { stateOf } from "../protocol/transitions.ts";
import { parseRecord } from "./parse-record.ts";
import type { SessionPage, SessionQuery, SessionSummary } from "./session-calls.ts";
import type { SessionRow, SessionTables } from "./session-tables.ts";
import { StoredBytes } from "./stored-bytes.ts";

/** One call looks at no more rows than that, however few of them somebody wants to see. */
const MOST_ROWS = 1_000;

/**
 * One page of an object's sessions, from their rows.
 *
 * @param isHandingOver whether a session that is in memory is at it just now
 */
export function listSessions(
  tables: SessionTables,
  { cursor, limit, state, directory }: SessionQuery,
  config: Config,
  isHandingOver: (row: SessionRow) => boolean,
): SessionPage {
  const most = Math.min(Math.max(1, limit), MOST_ROWS);
  const rows = tables.page(cursor ?? 0, MOST_ROWS);
  const sessions: SessionSummary[] = [];
  for (const row of rows) {
    const summary = row.record === null ? null : summarize(tables, row, config, isHandingOver(row));
    if (summary === null) continue;
    if (state !== undefined && summary.state !== state) continue;
    if (directory !== undefined && summary.directory !== directory) continue;
    sessions.push(summary);
    if (sessions.length === most) return { sessions, cursor: row.key };
  }
  return { sessions, cursor: rows.length < MOST_ROWS ? null : (rows.at(-1)?.key ?? null) };
}

function summarize(
  tables: SessionTables,
  row: SessionRow,
  config: Config,
  isHandingOver: boolean,
): SessionSummary {
  const record = parseRecord(row.record);
  const { length } = new StoredBytes(tables, "fragments", row.key, false);
  if (typeof record === "string") {
    const unknown = { directory: null, client: null, destination: null, total: null, changedAt: null };
    const nothing = { offset: length, attempts: 0, lastOutcome: null, until: null };
    return { session: row.id, ...unknown, ...nothing, state: record };
  }
  const directory = directoryOf(config, record.destination);
  const { commit, delivery, total, changedAt } = record;
  const isTaken = record.state === "committed" || record.state === "delivered";
  return {
    session: row.id,
    directory: directory?.path ?? null,
    client: record.clientAddress,
    destination: record.destination.replace(/\?.*/s, ""),
    total,
    offset: isTaken ? (total ?? length) : length,
    state: stateOf(record, length, directory, isHandingOver),
    attempts: commit?.attempts ?? (delivery === null ? 0 : 1),
    lastOutcome: commit?.fault?.fault ?? (isTaken ? "accepted" : null),
    changedAt,
    until: row.due,
  };
}
