import * as v from "valibot";
import type { HistoryEntry, Overview, SessionDetails, SessionSummary } from "./seat.ts";

/** What the seat's JSON takes and gives: `openapi.json` describes it by these schemas, and the tests hold the answers against them. */

const WHOLE = v.pipe(v.number(), v.integer(), v.minValue(0));
const TIME = v.pipe(v.number(), v.integer(), v.description("Milliseconds since 1970."));

const STATE = v.pipe(
  v.picklist([
    "new",
    "receiving",
    "complete",
    "committing",
    "orphaned",
    "failed",
    "refused",
    "held",
    "delivered",
    "committed",
    "discarded",
    "cancelled",
    "unreadable",
    "newer",
  ]),
  v.description("Where the session stands; docs/protocol.md has the states."),
);

const SUMMARY_FIELDS = {
  session: v.pipe(v.string(), v.description("The session's id, without braces.")),
  directory: v.nullable(v.string()),
  client: v.nullable(v.string()),
  destination: v.nullable(v.string()),
  total: v.nullable(WHOLE),
  offset: v.pipe(WHOLE, v.description("Bytes that have come.")),
  state: STATE,
  attempts: WHOLE,
  lastOutcome: v.nullable(v.string()),
  changedAt: v.nullable(TIME),
  until: v.nullable(TIME),
};

const HISTORY_ENTRY = v.object({
  at: TIME,
  event: v.string(),
  attempt: v.exactOptional(WHOLE),
  outcome: v.exactOptional(v.string()),
  originStatus: v.exactOptional(WHOLE),
  status: v.exactOptional(WHOLE),
  hresult: v.exactOptional(v.string()),
  context: v.exactOptional(v.string()),
  milliseconds: v.exactOptional(WHOLE),
  offset: v.exactOptional(WHOLE),
  by: v.exactOptional(v.string()),
}) satisfies v.GenericSchema<unknown, HistoryEntry>;

const SUMMARY = v.object(SUMMARY_FIELDS) satisfies v.GenericSchema<unknown, Omit<SessionSummary, "session">>;

export const DETAILS = v.object({
  ...SUMMARY_FIELDS,
  history: v.array(HISTORY_ENTRY),
  digest: v.nullable(v.string()),
  idempotencyKey: v.nullable(v.string()),
  lastAnswer: v.nullable(v.object({ status: WHOLE, fields: v.array(v.tuple([v.string(), v.string()])) })),
  deeds: v.object({ commit: v.boolean(), release: v.boolean(), cancel: v.boolean(), prolong: v.boolean() }),
  hasBytes: v.exactOptional(v.boolean()),
}) satisfies v.GenericSchema<unknown, Omit<SessionDetails, "session">>;

export const PAGE = v.object({
  sessions: v.array(SUMMARY),
  next: v.pipe(v.nullable(v.string()), v.description("The cursor of the next page; null after the last.")),
});

export const OVERVIEW = v.object({
  at: TIME,
  sessionsByState: v.record(v.string(), WHOLE),
  receiving: v.object({ sessions: WHOLE, bytesPerSecond: WHOLE }),
  failedLastHour: WHOLE,
  oldestWaitingSince: v.nullable(TIME),
  hours: v.array(v.object({ at: TIME, committed: WHOLE, failed: WHOLE, bytes: WHOLE })),
  refused: v.pipe(
    v.array(v.object({ client: v.nullable(v.string()), fault: v.string(), count: WHOLE, lastAt: TIME })),
    v.description("Packets that this isolate refused within the last quarter of an hour."),
  ),
  missing: v.exactOptional(v.string()),
}) satisfies v.GenericSchema<unknown, Omit<Overview, "sessionsByState">>;

export const PROBLEM = v.object({ error: v.pipe(v.string(), v.description("A sentence.")) });

export const RESCUE = v.object({
  url: v.pipe(
    v.string(),
    v.description("The upload's bytes, for an hour; whoever has the URL may read them."),
  ),
});

export const RELEASE = v.object({ application: v.picklist(["has-it", "has-it-not"]) });

const QUERY_NUMBER = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number));

export const SEARCH = v.object({
  state: v.exactOptional(STATE),
  directory: v.exactOptional(v.string()),
  client: v.exactOptional(v.string()),
  path: v.exactOptional(v.string()),
  changedBefore: v.exactOptional(QUERY_NUMBER),
  cursor: v.exactOptional(v.pipe(v.string(), v.regex(/^\d{1,16}-(?:[0-9A-F-]{36})?$/))),
  limit: v.exactOptional(v.pipe(QUERY_NUMBER, v.minValue(1), v.maxValue(1_000))),
});
