const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Seconds from which a unit is used, its length, its name. The first that fits counts. */
const LENGTHS = [
  [2 * DAY, DAY, "days"],
  [2 * HOUR, HOUR, "hours"],
  [2 * MINUTE, MINUTE, "minutes"],
  [0, 1, "seconds"],
] as const;

/** `12,345` */
export function countInWords(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 upload`, `12,345 uploads` */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${countInWords(count)} ${count === 1 ? one : many}`;
}

/** Bytes for people: `13.0 MiB`. */
export function bytesInWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A duration for people, in one unit: `42 seconds`, `3 minutes`, `14 days`. */
export function durationInWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [, length, name] = LENGTHS.find(([from]) => seconds >= from) ?? LENGTHS[3];
  const count = Math.floor(seconds / length);
  return count === 1 ? `1 ${name.slice(0, -1)}` : `${count} ${name}`;
}

/** `2026-11-27 19:02:11 UTC`; the script makes it a distance from now. */
export function timeInWords(milliseconds: number): string {
  return `${isoTime(milliseconds).slice(0, 19).replace("T", " ")} UTC`;
}

/** For `datetime`; a number that is no time of ours is the beginning of times, and breaks no page. */
export function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString();
}

/** A whole number of per cent; 0 and 100 only if they are exact. */
export function percentOf(part: number, whole: number): number {
  if (part >= whole) return 100;
  if (part <= 0) return 0;
  return Math.min(99, Math.max(1, Math.round((100 * part) / whole)));
}
