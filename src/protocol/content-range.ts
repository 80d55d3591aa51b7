/**
 * A Fragment's place in the request entity. `first` and `last` are offsets of bytes, both inclusive. An empty entity is
 * `{ first: 0, last: -1, total: 0 }`.
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
 * Reads a Content-Range header. A range is valid if `first <= last < total`. The unit is `bytes` in any case: Win32's
 * pages write `Bytes`.
 *
 * @returns the range; "invalid" if it breaks RFC 9110 14.4; "too large" if it is valid and counts beyond 2^53 - 1, which
 *   no upload directory takes
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

/** Writes a Content-Range header as a Windows client does. */
export function formatContentRange({ first, last, total }: ContentRange): string {
  return `bytes ${first}-${last}/${total}`;
}

/** How many bytes a range spans; the Content-Length of the Fragment must be equal. */
export function lengthOf(range: ContentRange): number {
  return range.last - range.first + 1;
}
