import type { CommitOutcome } from "../protocol/reflect.ts";
import type { HistoryEntry, SessionRecord } from "../protocol/session-record.ts";
import { formatHresult } from "../protocol/write-ack.ts";

/** Entries that a record keeps: its first, and those that came last. */
const MOST_ENTRIES = 32;

/** What the records do not say of a change. */
interface Facts {
  /** What was noted since the record was stored last. */
  readonly noted: readonly HistoryEntry[];
  /** When the last byte came, milliseconds since 1970. */
  readonly receivedAt: number;
}

/**
 * The record that is stored in place of `before`. Its history also has what happened between the two. The two records tell
 * what happened, so the history misses nothing that was stored, and it costs no write of its own.
 */
export function withHistory(before: SessionRecord | null, after: SessionRecord, facts: Facts): SessionRecord {
  const news = [...facts.noted, ...eventsOf(before, after, facts)];
  const entries = [...(before?.history ?? []), ...news];
  const [first, ...others] = entries;
  const history =
    first !== undefined && entries.length > MOST_ENTRIES
      ? [first, ...others.slice(1 - MOST_ENTRIES)]
      : entries;
  return history.length === 0 ? after : { ...after, history };
}

/** The record with the application's answer to the last attempt. */
export function withAnswer(record: SessionRecord, { answer }: CommitOutcome): SessionRecord {
  const { lastAnswer: _, ...rest } = record;
  return answer === undefined ? rest : { ...rest, lastAnswer: answer };
}

function eventsOf(before: SessionRecord | null, after: SessionRecord, facts: Facts): HistoryEntry[] {
  const events: HistoryEntry[] = [];
  const hasBegun = (before?.total ?? null) === null && after.total !== null;
  if (hasBegun) events.push({ at: after.changedAt, event: "started" });
  if (after.state === before?.state) return events;
  if (before?.state === "committing") events.push(endOfAttempt(before, after));
  if (after.state === "committing") {
    if (before?.state === "receiving")
      events.push({
        at: Math.max(before.changedAt, facts.receivedAt),
        event: "completed",
        offset: after.total ?? 0,
      });
    events.push({ at: after.changedAt, event: "commit-started", attempt: after.commit?.attempts ?? 0 });
  }
  if (before?.state === "delivered" && after.state === "committed")
    events.push({ at: after.changedAt, event: "finished" });
  if (after.state === "discarded" || after.state === "cancelled")
    events.push({ at: after.changedAt, event: after.state, ...(after.commit?.fault ? toldBy(after) : {}) });
  return events;
}

function endOfAttempt(before: SessionRecord, after: SessionRecord): HistoryEntry {
  const fault = after.commit?.fault ?? null;
  return {
    at: after.changedAt,
    event: "commit-ended",
    attempt: before.commit?.attempts ?? 0,
    outcome: fault?.fault ?? "accepted",
    ...(after.lastAnswer === undefined ? {} : { originStatus: after.lastAnswer.status }),
    ...toldBy(after),
    milliseconds: Math.max(0, after.changedAt - before.changedAt), // the clock may have been put back meanwhile
  };
}

/** What the client is told from now on. */
function toldBy({ commit }: SessionRecord): Partial<HistoryEntry> {
  const fault = commit?.fault ?? null;
  if (fault === null) return { status: 200 };
  return {
    status: fault.status,
    ...(fault.hresult === null ? {} : { hresult: formatHresult(fault.hresult) }),
    context: `0x${fault.context}`,
  };
}
