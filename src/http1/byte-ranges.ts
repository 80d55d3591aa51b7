/** Offsets of bytes, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** No download asks for more ranges than this; such a request gets the whole entity instead (RFC 9110 14.2). */
const MAXIMUM_RANGES = 16;

/**
 * Value of a Range header → the ranges of an entity of `length` bytes, in the order asked for; "all" if the
 * header has to be ignored (another unit, bad syntax, too many ranges), "unsatisfiable" if no byte that it asks
 * for is there. RFC 9110 14.1.2: a suffix longer than the entity is all of it.
 */
export function parseByteRanges(
  text: string,
  length: number,
): readonly ByteRange[] | "all" | "unsatisfiable" {
  const list = /^bytes=(.*)$/i.exec(text.trim())?.[1];
  if (list === undefined) return "all";
  const specs = list.split(",").map((spec) => /^(\d*)-(\d*)$/.exec(spec.trim()));
  if (specs.length > MAXIMUM_RANGES) return "all";
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const [, first = "", last = ""] = spec ?? [];
    if (first === "" && last === "") return "all";
    if (first !== "" && last !== "" && Number(last) < Number(first)) return "all";
    const start = first === "" ? Math.max(0, length - Number(last)) : Number(first);
    const end = first === "" || last === "" ? length - 1 : Math.min(Number(last), length - 1);
    if (start <= end) ranges.push({ start, end });
  }
  return ranges.length > 0 ? merge(ranges) : "unsatisfiable";
}

/** Ranges that overlap or touch become one, so that no byte is asked for twice (RFC 9110 17.15). */
function merge(ranges: readonly ByteRange[]): ByteRange[] {
  const merged: ByteRange[] = [];
  for (const range of ranges.toSorted((one, other) => one.start - other.start)) {
    const last = merged.at(-1);
    if (last !== undefined && range.start <= last.end + 1) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else {
      merged.push(range);
    }
  }
  return merged.length < ranges.length ? merged : [...ranges];
}
