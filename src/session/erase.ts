import type { ByteTable } from "./schema.ts";
import { LARGEST_UPLOAD_BYTES, OFFSET_BITS, type SessionTables } from "./session-tables.ts";

/**
 * One step removes the rows that start within so many bytes, and no more than so many rows. That takes some ten
 * milliseconds of the one thread that serves all sessions. SQLite's cache of 2 MB has room for the pages of a step. Without
 * room SQLite may write a page twice in one transaction, and that ends the object in a cluster (decision 21).
 */
export const SLICE_BYTES = 1024 * 1024;
const SLICE_ROWS = 256;

const RANGE = `id >= ((? << ${OFFSET_BITS}) | ?) AND id <= ((? << ${OFFSET_BITS}) | ?)`;

/**
 * Removes the bytes under `key` that come first, at most one slice, so that neighbours wait for no more than that.
 *
 * In a table that sessions share, SQLite uses pages again and never gives them back to the system. So the bytes are
 * overwritten first, and nobody finds an upload in the file. (The runtime refuses PRAGMA secure_delete.) If an object has
 * one session, its file is removed as a whole.
 *
 * @param end the offset of the last byte that may be removed
 * @returns whether nothing is left under the key, up to there
 */
export function erase(
  tables: SessionTables,
  table: ByteTable,
  key: number,
  end = LARGEST_UPLOAD_BYTES,
): boolean {
  const { sql, isShared } = tables;
  const offsets = sql
    .exec<{ offset: number }>(
      `SELECT (id & ${LARGEST_UPLOAD_BYTES}) AS offset FROM ${table} WHERE ${RANGE} ORDER BY id LIMIT ${SLICE_ROWS}`,
      key,
      0,
      key,
      end,
    )
    .toArray()
    .map(({ offset }) => offset);
  const [first = 0] = offsets;
  const slice = offsets.filter((offset) => offset < first + SLICE_BYTES);
  const last = slice.at(-1);
  if (last === undefined) return true;
  const range = [key, first, key, last];
  if (isShared && !tables.isShortOfRoom) {
    sql.exec(`UPDATE ${table} SET bytes = zeroblob(length(bytes)) WHERE ${RANGE}`, ...range);
    tables.hasErased = true;
  }
  sql.exec(`DELETE FROM ${table} WHERE ${RANGE}`, ...range);
  return slice.length < SLICE_ROWS && slice.length === offsets.length;
}
