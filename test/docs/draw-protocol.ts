import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { reactionTo, type Reaction } from "../../src/protocol/client-reaction.ts";
import { mayHaveArrived, reflect } from "../../src/protocol/reflect.ts";
import { type SessionState, TRANSITIONS } from "../../src/protocol/transitions.ts";
import { exploreMachine } from "./explore-machine.ts";

/** docs/protocol.md, parts of which are drawn from the code, between `<!-- drawn: … -->` and `<!-- end -->`. */
export const PAGE = join(import.meta.dirname, "..", "..", "docs", "protocol.md");

const STATES = Object.entries(TRANSITIONS) as [SessionState, (typeof TRANSITIONS)[SessionState]][];

/** The page with everything drawn anew that the code says. */
export async function drawProtocol(page: string): Promise<string> {
  const drawn = page
    .replace(partOf("diagram"), (_, head: string, tail: string) => `${head}\n${drawDiagram()}\n${tail}`)
    .replace(partOf("states"), (_, head: string, tail: string) => `${head}\n${drawStates()}\n${tail}`)
    .replace(partOf("statuses"), (_, head: string, tail: string) => `${head}\n${drawStatuses()}\n${tail}`);
  return await format(drawn, { ...(await resolveConfig(PAGE)), filepath: PAGE });
}

function partOf(name: string): RegExp {
  return new RegExp(`(<!-- drawn: ${name} -->\n)[^]*?(\n<!-- end -->)`);
}

function drawDiagram(): string {
  const edges = exploreMachine().map(({ from, to, by }) => `  ${from} --> ${to}: ${[...by].join(", ")}`);
  const ends = STATES.filter(([, { Cancel }]) => Cancel === "acknowledge");
  const lines = [
    "stateDiagram-v2",
    "  [*] --> new: Create-Session",
    ...edges,
    ...ends.map(([state]) => `  ${state} --> [*]: session timeout`),
  ];
  return ["```mermaid", ...lines, "```"].join("\n");
}

function drawStates(): string {
  return drawTable(
    ["state", "Fragment", "Complete", "Close", "Cancel"],
    STATES.map(([state, { Fragment, Complete, Close, Cancel }]) => [
      `\`${state}\``,
      Fragment,
      Complete,
      Close,
      Cancel,
    ]),
  );
}

/** Every status from 400 to 599; those of which the same is true are one row. */
function drawStatuses(): string {
  const rows = new Map<string, { cells: string[]; statuses: number[] }>();
  for (let status = 400; status < 600; status += 1) {
    const cells = cellsOf(status);
    const row = rows.get(cells.join()) ?? { cells, statuses: [] };
    rows.set(cells.join(), row);
    row.statuses.push(status);
  }
  return drawTable(
    [
      "the application",
      "the client",
      "Create-Session, Fragment",
      "Close-Session",
      "the application is told again",
    ],
    [...rows.values()].map(({ cells, statuses }) => [formatRanges(statuses)].concat(cells)),
  );
}

function cellsOf(status: number): string[] {
  const outcome = { kind: "refused", status, hresult: null } as const;
  const { status: told = 200, hresult = null } = reflect(outcome) ?? {};
  const [begin, fragment, close] = (["Create-Session", "Fragment", "Close-Session"] as const).map(
    (packet): Reaction => reactionTo(packet, told, hresult),
  );
  const again =
    told === 403 ? "no" : mayHaveArrived(outcome) ? "yes; nobody knows whether it has the upload" : "yes";
  return [
    told === status ? "the same" : String(told),
    begin === fragment ? `it ${begin}` : `it ${begin}, it ${fragment}`,
    `it ${close}`,
    again,
  ];
}

/** 400, 402, 404–406 */
function formatRanges(numbers: readonly number[]): string {
  const starts = numbers.filter((number) => !numbers.includes(number - 1));
  return starts
    .map((start) => {
      const end = numbers.find((number) => number >= start && !numbers.includes(number + 1)) ?? start;
      return start === end ? String(start) : `${start}–${end}`;
    })
    .join(", ");
}

function drawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

if (import.meta.main) writeFileSync(PAGE, await drawProtocol(readFileSync(PAGE, "utf8")));
