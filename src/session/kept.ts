import type { SessionId } from "../protocol/session-id.ts";
import type { SessionRecord } from "../protocol/session-record.ts";
import { type NoRecord, parseRecord } from "./parse-record.ts";
import { EntityBytes } from "./entity-bytes.ts";
import { StoredBytes } from "./stored-bytes.ts";
import type { Surroundings } from "./surroundings.ts";

/** What an instance has in memory of a session's rows. */
export interface Kept {
  readonly key: number;
  /** Whether the session has a row of its own. */
  readonly isStored: boolean;
  readonly due: number;
  /** Null if nothing is stored, or the session was forgotten and only bytes are left. */
  readonly record: SessionRecord | NoRecord | null;
  /** The session is over and nobody knows it any more; some of its bytes are still to be removed. */
  readonly isForgotten: boolean;
  /** The request entity, as far as it has come. */
  readonly fragments: EntityBytes;
  /** The application's reply to an upload-reply. */
  readonly reply: StoredBytes;
}

const WHY: { readonly [reason in NoRecord]: string } = {
  newer: "the session's record was stored by a newer version of the edge",
  unreadable: "what is stored as the session's record cannot be read",
};

/** @throws if something is stored that this edge cannot go by */
export function recordOf({ record }: Kept): SessionRecord | null {
  if (typeof record === "string") throw new Error(WHY[record]);
  return record;
}

/**
 * Reads a session's rows. Never throws for a record, whatever it is: a session that cannot be loaded cannot be removed.
 */
export function load(id: SessionId, surroundings: Surroundings): Kept {
  const { tables } = surroundings;
  const row = tables.find(id);
  const key = row?.key ?? tables.nextKey();
  const isNew = row === null;
  return {
    key,
    isStored: !isNew,
    due: row?.due ?? 0,
    record: row === null || row.record === null ? null : parseRecord(row.record),
    isForgotten: row !== null && row.record === null,
    fragments: new EntityBytes(surroundings, key, isNew),
    reply: new StoredBytes(tables, "replies", key, isNew),
  };
}
