import Table from "cli-table3";
import { bytesInWords, durationInWords, printable } from "../terminal/in-units.ts";
import type { Palette } from "../terminal/palette.ts";
import type { Row } from "./rows.ts";

/** Rows without borders: what a person reads, and grep too. */
const PLAIN = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** States that wait for somebody: an operator, or an origin. */
const DOUBTFUL: ReadonlySet<string> = new Set(["held", "failed", "refused"]);

/** Sessions, one a line. */
export function sessionsInTable(rows: readonly Row[], palette: Palette, now: number): string {
  const table = new Table({
    chars: PLAIN,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    head: ["SESSION", "STATE", "STORED", "TRIES", "CHANGED", "CLIENT", "DESTINATION"].map(palette.faint),
    colAligns: ["left", "left", "right", "right", "right", "left", "left"],
  });
  for (const row of rows) table.push(cellsOf(row, palette, now));
  return `${table.toString().replace(/ +$/gm, "")}\n`;
}

function cellsOf(row: Row, palette: Palette, now: number): string[] {
  const state = printable(row.state, 20);
  return [
    printable(row.session, 40),
    DOUBTFUL.has(row.state) ? palette.doubtful(state) : state,
    storedInWords(row),
    String(row.attempts),
    row.changedAt === null ? "" : `${durationInWords((now - row.changedAt) / 1000)} ago`,
    printable(row.client ?? "", 40),
    printable(row.destination ?? "", 80),
  ];
}

function storedInWords({ offset, total }: Row): string {
  if (total === null || offset === null) return "";
  if (total === 0) return "0 B";
  return `${Math.floor((offset / total) * 100)} % of ${bytesInWords(total)}`;
}

/** One session: a line for each thing that is known of it. */
export function sessionInLines(
  row: Row & Readonly<Record<string, unknown>>,
  palette: Palette,
  now: number,
): string {
  const lines: [string, string][] = [
    ["session", printable(row.session)],
    ["state", printable(row.state)],
    ["destination", printable(row.destination ?? "not known", 2200)],
    ["directory", printable(row.directory ?? "none")],
    ["client", printable(row.client ?? "not known")],
    ["stored", storedInWords(row)],
    ["attempts", String(row.attempts)],
    ["last outcome", printable(row.lastOutcome ?? "none")],
    [
      "changed",
      row.changedAt === null
        ? ""
        : `${timeOf(row.changedAt)}, ${durationInWords((now - row.changedAt) / 1000)} ago`,
    ],
    [
      "until",
      row.until === null ? "" : `${timeOf(row.until)}, in ${durationInWords((row.until - now) / 1000)}`,
    ],
  ];
  const known = new Set([
    "session",
    "state",
    "destination",
    "directory",
    "client",
    "total",
    "offset",
    "attempts",
    "lastOutcome",
    "changedAt",
    "until",
  ]);
  for (const [name, value] of Object.entries(row)) {
    if (known.has(name)) continue;
    const [first = "none", ...others] = linesOf(value);
    lines.push([printable(name, 40), first]);
    for (const other of others) lines.push(["", other]);
  }
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return lines.map(([name, value]) => `${palette.faint(name.padEnd(width))}${value}\n`).join("");
}

/** What else the edge knows, in words: a line for each entry of a list. */
function linesOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map((entry) => printable(inWords(entry), 2000));
}

function inWords(value: unknown): string {
  if (value === null) return "none";
  if (typeof value === "string") return value;
  if (typeof value !== "object" || Array.isArray(value)) return JSON.stringify(value);
  return Object.entries(value as Record<string, unknown>)
    .map(([name, part]) =>
      name === "at" && typeof part === "number" ? timeOf(part) : `${name} ${inWords(part)}`,
    )
    .join(", ");
}

function timeOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? "?" : date.toISOString();
}
