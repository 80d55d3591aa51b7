import type { Figure } from "../measure/figure.ts";
import { PRICES } from "../money/prices.ts";
import { formatSpread, formatTarget, formatValue, formatVerdict } from "./format.ts";
import type { Result, SuiteResult } from "./result.ts";
import { shortName } from "./terminal.ts";

/** The figures as a page: what is promised first, then everything. */
export function writeMarkdown({ suites }: Result): string {
  const promised = suites.flatMap(({ figures }) => figures.filter(({ target }) => target !== null));
  return [
    "# Results",
    "",
    "Written by `npm run bench`. Medians of all runs, with the lowest and the highest.",
    "",
    ...suites.slice(0, 1).flatMap(describeMachine),
    "## What is promised",
    "",
    ...table(promised, (figure) => figure.name.replaceAll(/(?<!@tus)\//g, ", ")),
    ...suites.flatMap((suite) => [
      `## ${suite.title}`,
      "",
      `${suite.rounds} runs each, ${suite.machine.date}, commit ${suite.machine.commit}.`,
      ...(suite.name === "money"
        ? [
            "",
            `Prices as of ${PRICES.asOf}, beyond what a month includes: ${PRICES.sources.map((url) => `<${url}>`).join(", ")}.`,
          ]
        : []),
      "",
      ...table(suite.figures, shortName),
    ]),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

function describeMachine({ machine }: SuiteResult): string[] {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGibibytes} GiB, ${machine.system}; client, edge and origin on this one machine.`,
    `${versions.join(", ")}. Load before the run: ${machine.loadBefore.toFixed(1)}.`,
    "",
  ];
}

function table(figures: readonly Figure[], nameOf: (figure: Figure) => string): string[] {
  const hasTargets = figures.some(({ target }) => target !== null);
  const heads = ["", "median", "lowest to highest", ...(hasTargets ? ["promised", ""] : [])];
  const lines = figures.map((figure) => {
    const cells = [nameOf(figure), formatValue(figure.median, figure.unit), formatSpread(figure)];
    if (hasTargets) cells.push(formatTarget(figure), formatVerdict(figure));
    return `| ${cells.join(" | ")} |`;
  });
  const rules = heads.map((_head, column) => (column === 1 || column === 2 ? "---:" : "---"));
  return [`| ${heads.join(" | ")} |`, `| ${rules.join(" | ")} |`, ...lines, ""];
}
