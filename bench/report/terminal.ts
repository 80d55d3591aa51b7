import type { Figure } from "../measure/figure.ts";
import { formatSpread, formatTarget, formatValue, formatVerdict } from "./format.ts";
import type { SuiteResult } from "./result.ts";

const COLOURS = { met: "\x1b[32m", missed: "\x1b[33m", "": "" } as const;

/** A suite's figures as lines in columns; colours only where someone looks. */
export function formatSuite(suite: SuiteResult, isColoured: boolean): string {
  const rows = suite.figures.map((figure) => [
    shortName(figure),
    formatValue(figure.median, figure.unit),
    formatSpread(figure),
    formatTarget(figure),
    formatVerdict(figure),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(([name = "", value = "", range = "", target = "", verdict = ""]) => {
    const colour = isColoured ? COLOURS[verdict as keyof typeof COLOURS] : "";
    const cells = [
      name.padEnd(widths[0] ?? 0),
      value.padStart(widths[1] ?? 0),
      range.padStart(widths[2] ?? 0),
      target.padStart(widths[3] ?? 0),
    ];
    return `  ${cells.join("  ")}  ${colour}${verdict}${colour === "" ? "" : "\x1b[0m"}`.trimEnd();
  });
  return [`\n${suite.title} (${suite.rounds} runs each)`, ...lines].join("\n");
}

/** The name without the suite's. */
export function shortName({ name }: Pick<Figure, "name">): string {
  return name.slice(name.indexOf("/") + 1);
}
