import * as v from "valibot";
import { parseSessionId, type SessionId } from "../protocol/session-id.ts";
import type { ApplicationAnswer, HistoryEntry, SessionRecord } from "../protocol/session-record.ts";

/**
 * Why this edge cannot go by a stored record. "newer": an edge of a newer version has written the record, and it must stay
 * as it is. "unreadable": no edge writes such a record.
 */
export type NoRecord = "newer" | "unreadable";

const VERSION: SessionRecord["version"] = 2;

const WHOLE = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** To the year 2200: an alarm cannot be set to much later times. */
const TIME = v.pipe(WHOLE, v.maxValue(Date.UTC(2200)));
const FAULT = v.object({
  fault: v.string(),
  status: v.number(),
  hresult: v.nullable(v.number()),
  context: v.picklist([0x5, 0x7]),
});

const RECORD = v.object({
  version: v.literal(VERSION),
  state: v.picklist([
    "receiving",
    "committing",
    "failed",
    "delivered",
    "committed",
    "discarded",
    "cancelled",
  ]),
  sessionId: v.custom<SessionId>((id) => typeof id === "string" && parseSessionId(id) === id),
  issuedAt: TIME,
  destination: v.string(),
  originalUrl: v.string(),
  clientAddress: v.nullable(v.string()),
  expectedDigest: v.nullable(v.string()),
  changedAt: TIME,
  total: v.nullable(WHOLE),
  digest: v.nullable(v.string()),
  commit: v.nullable(
    v.object({
      id: v.string(),
      attempts: WHOLE,
      unknown: v.boolean(),
      fault: v.nullable(FAULT),
      reachedAt: v.exactOptional(TIME),
    }),
  ),
  origin: v.exactOptional(
    v.nullable(
      v.object({
        id: v.string(),
        url: v.string(),
        offset: WHOLE,
        stage: v.picklist(["filling", "completing", "whole", "closing", "gone"]),
        replyUrl: v.nullable(v.string()),
      }),
    ),
  ),
  delivery: v.nullable(
    v.object({
      at: TIME,
      copyToDestination: v.boolean(),
      reply: v.nullable(v.union([v.literal("stored"), v.object({ url: v.string() })])),
    }),
  ),
  // The operator only looks at these fields: a fault in them must not cost the upload.
  history: v.exactOptional(v.custom<readonly HistoryEntry[]>(Array.isArray)),
  lastAnswer: v.exactOptional(v.custom<ApplicationAnswer>((answer) => typeof answer === "object")),
}) satisfies v.GenericSchema<SessionRecord>;

const NEWER = v.object({ version: v.pipe(WHOLE, v.minValue(VERSION + 1)) });

/**
 * Stored text → the record. Records of older released versions are brought up to date here and nowhere else; version 1 was
 * never released. Never throws.
 */
export function parseRecord(stored: unknown): SessionRecord | NoRecord {
  const record = typeof stored === "string" ? parseJson(stored) : null;
  if (v.is(RECORD, record)) return record;
  return v.is(NEWER, record) ? "newer" : "unreadable";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // which is no record either
  }
}
