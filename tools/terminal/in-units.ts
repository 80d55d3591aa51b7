// The commands say sizes as the operator's page does.
export { bytesInWords } from "../../src/operator/page/quantities.ts";

/** A duration for people, in its two largest units: `42 s`, `3 min 5 s`, `2 h 10 min`, `14 d`. */
export function durationInWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}

/** Text of a server or a file name as a terminal may show it: no control characters, no tricks with direction. */
export function printable(text: string, characters = 200): string {
  const safe = text.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\uFFFD");
  return safe.length > characters ? `${safe.slice(0, characters - 1)}…` : safe;
}
