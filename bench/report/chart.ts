import { STORAGES, type StorageKind } from "../machine/folders.ts";
import type { Figure } from "../measure/figure.ts";
import { formatNumber } from "./format.ts";
import type { Result } from "./result.ts";

/** Bars of one group share a scale, so that only like is beside like. */
interface Group {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

interface Bar {
  readonly label: string;
  readonly value: number;
  readonly spread: readonly [low: number, high: number];
  readonly isOurs: boolean;
}

const WIDTH = 760;
const LABEL_WIDTH = 230;
const VALUE_WIDTH = 120;
const ROW = 24;
const GROUP_GAP = 44;

/** Grey text that can be read on white and on black, and better colours where the reader's scheme is known. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #6e7781; }
  .title { font-weight: 600; }
  .ours { fill: #2f81f7; } .other { fill: #8b949e; } .spread { stroke: #6e7781; stroke-width: 1.5; fill: none; }
  @media (prefers-color-scheme: light) {
    text { fill: #1f2328; } .value { fill: #59636e; } .other { fill: #afb8c1; } .spread { stroke: #424a53; }
  }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .value { fill: #9198a1; } .other { fill: #656c76; } .spread { stroke: #d1d7e0; }
  }`;

/** The speeds as bars: medians, with a line from the lowest run to the highest. Transparent, for light and dark. */
export function drawChart(result: Result): string {
  let top = 0;
  const parts = groupsOf(result).map((group) => {
    const drawn = drawGroup(group, top);
    top += ROW * group.bars.length + GROUP_GAP;
    return drawn;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" role="img" aria-label="Speeds of bits-edge, its floors and its peer">`,
    `<style>${STYLE}\n</style>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function groupsOf({ suites }: Result): Group[] {
  const figures = suites.flatMap((suite) => suite.figures);
  const bulk = STORAGES.flatMap((storage) =>
    ["64 KiB", "1 MiB", "13 MiB"].map((size) =>
      groupOf(
        figures,
        `bulk/${storage}/${size}/`,
        `One upload in Fragments of ${size}, ${placeOf(storage)}`,
        "MB/s",
      ),
    ),
  );
  const small = STORAGES.map((storage) =>
    groupOf(
      figures,
      `small-sessions/${storage}/16 clients/`,
      `Sessions of one 64 KiB Fragment, 16 clients, ${placeOf(storage)}`,
      "sessions/s",
    ),
  );
  return [...bulk, ...small].filter(({ bars }) => bars.length > 0);
}

function placeOf(storage: StorageKind): string {
  return storage === "memory" ? "storage in memory" : "storage on disk";
}

/** The null Worker is a ceiling of the client and would only press the other bars together. */
function groupOf(figures: readonly Figure[], prefix: string, title: string, unit: string): Group {
  const bars = figures
    .filter((figure) => figure.name.startsWith(prefix) && figure.unit === unit)
    .map(({ name, median, spread }) => {
      const label = name.slice(prefix.length);
      return { label, value: median, spread, isOurs: label.startsWith("edge") };
    })
    .filter(({ label }) => !label.startsWith("null Worker") && label !== "file with fsync")
    .toSorted((one, other) => Number(other.isOurs) - Number(one.isOurs));
  return { title, unit, bars };
}

function drawGroup({ title, unit, bars }: Group, top: number): string {
  const most = Math.max(...bars.map((bar) => bar.spread[1]));
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / most;
  const rows = bars.map((bar, index) => {
    const y = top + 28 + index * ROW;
    const x = (value: number): string => (LABEL_WIDTH + value * scale).toFixed(1);
    const [low, high] = bar.spread;
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${y + 13}" text-anchor="end">${escape(bar.label)}</text>`,
      `<rect class="${bar.isOurs ? "ours" : "other"}" x="${LABEL_WIDTH}" y="${y + 2}" width="${(bar.value * scale).toFixed(1)}" height="14" rx="2"/>`,
      `<path class="spread" d="M${x(low)} ${y + 9}H${x(high)}"/>`,
      `<text class="value" x="${(LABEL_WIDTH + high * scale + 8).toFixed(1)}" y="${y + 13}">${formatNumber(bar.value)} ${unit}</text>`,
    ].join("\n");
  });
  return [`<text class="title" x="0" y="${top + 16}">${escape(title)}</text>`, ...rows].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
