import type { Figure, Unit } from "../measure/figure.ts";

/** Three digits that count, and no more than the measure has. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "-";
  const size = Math.abs(value);
  if (size >= 100 || size === 0) return value.toLocaleString("en", { maximumFractionDigits: 0 });
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

export function formatValue(value: number, unit: Unit): string {
  const number = formatNumber(value);
  if (unit === "times") return `${number} x`;
  if (unit === "dollars") return `$${number}`;
  return unit === "rows" || unit === "requests" ? number : `${number} ${unit}`;
}

/** Of the runs, or nothing where all were the same. */
export function formatSpread({ spread: [low, high] }: Figure): string {
  return low === high ? "" : `${formatNumber(low)} to ${formatNumber(high)}`;
}

export function formatTarget({ target, unit }: Figure): string {
  return target === null ? "" : `at ${target.at} ${formatValue(target.value, unit)}`;
}

/** "met", "missed", or nothing where nothing was promised. */
export function formatVerdict({ met }: Figure): string {
  return met === null ? "" : met ? "met" : "missed";
}
