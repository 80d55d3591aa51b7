/**
 * A fragment's place in the request entity. `first` and `last` are offsets of bytes, both inclusive;
 * an empty entity is `{ first: 0, last: -1, total: 0 }`.
 */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly total: number;
}

const RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/i;
/**
 * No document says how a client announces an empty entity (ruling 11, empty uploads). The formula of [MC-BUP] 3.1.5.1.4
 * gives the first form, and the second one where its numbers are unsigned and of 64 bits.
 */
const EMPTY = /^bytes (?:0--1|0-18446744073709551615|0-0|\*)\/0+$/i;

/**
 * Text of a Content-Range header → the range, "invalid" where it breaks RFC 9110 14.4, or "too large"
 * where it is sound but counts beyond 2^53 - 1, which no upload directory takes.
 *
 * Valid means `first <= last < total`. The unit is `bytes` in any case (Win32 writes `Bytes`).
 */
export function parseContentRange(text: string): ContentRange | "invalid" | "too large" {
  if (EMPTY.test(text)) return { first: 0, last: -1, total: 0 };
  const digits = RANGE.exec(text)?.slice(1);
  if (digits === undefined) return "invalid";
  const [first, last, total] = digits.map((number) => BigInt(number)) as [bigint, bigint, bigint];
  if (first > last || last >= total) return "invalid";
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) return "too large";
  return { first: Number(first), last: Number(last), total: Number(total) };
}

/** The header text of a range, as a Windows client writes it. */
export function formatContentRange({ first, last, total }: ContentRange): string {
  return `bytes ${first}-${last}/${total}`;
}

/** How many bytes a range spans: what its Fragment's Content-Length must say. */
export function lengthOf(range: ContentRange): number {
  return range.last - range.first + 1;
}
