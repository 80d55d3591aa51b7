import { readTlsSettings } from "../bits-client/tls-settings.ts";
import { CliError, EXIT } from "../terminal/cli-error.ts";
import { paletteFor } from "../terminal/palette.ts";
import { type Deed, OperatorApi } from "./operator-api.ts";
import type { OperatorOptions, SessionsOptions } from "./options.ts";
import { printable } from "../terminal/in-units.ts";
import type { Page, Row } from "./rows.ts";
import { sessionInLines, sessionsInTable } from "./table.ts";

/** `sessions`: a page of them, or all; the cursor of the next page goes to stderr. */
export async function listSessions(options: SessionsOptions, signal: AbortSignal): Promise<number> {
  const api = await apiFor(options, signal);
  const { state, directory, all, json } = options;
  const filter = {
    ...(state === undefined ? {} : { state }),
    ...(directory === undefined ? {} : { directory }),
  };
  let cursor = options.cursor;
  for (let pages = 1; ; pages += 1) {
    const page = await api.sessions({ ...filter, ...(cursor === undefined ? {} : { cursor }) });
    show(page, json, pages === 1);
    if (page.next === null) return EXIT.done;
    // The same page again would be the same page for ever.
    if (page.next === cursor) throw new CliError("refused", "The edge names a page as its own next.");
    cursor = page.next;
    if (all) continue;
    process.stderr.write(`There are more: --cursor ${JSON.stringify(cursor)}, or --all.\n`);
    return EXIT.done;
  }
}

function show({ sessions }: Page, json: boolean, isFirst: boolean): void {
  if (json) for (const row of sessions) process.stdout.write(`${JSON.stringify(row)}\n`);
  else if (sessions.length > 0) {
    process.stdout.write(sessionsInTable(sessions, paletteFor(process.stdout), Date.now()));
  } else if (isFirst) process.stderr.write("No sessions.\n");
}

/** `session ID`: all that the edge knows of it. */
export async function showSession(
  id: string,
  options: OperatorOptions,
  signal: AbortSignal,
): Promise<number> {
  const row = await (await apiFor(options, signal)).session(bare(id));
  process.stdout.write(
    options.json ? `${JSON.stringify(row)}\n` : sessionInLines(row, paletteFor(process.stdout), Date.now()),
  );
  return EXIT.done;
}

/** `commit`, `release`, `cancel`. */
export async function act(
  id: string,
  deed: Deed,
  options: OperatorOptions,
  signal: AbortSignal,
): Promise<number> {
  const row = await (await apiFor(options, signal)).act(bare(id), deed);
  if (options.json) process.stdout.write(`${JSON.stringify(row)}\n`);
  else process.stdout.write(`${bare(id)}: ${row === null ? "nothing is left of it" : standsNow(row)}.\n`);
  // An attempt was made: what is still not at the application may be there after the next.
  const isAttempt = deed.kind === "commit" || deed.kind === "release";
  return isAttempt && row !== null && !TAKEN.has(row.state) ? EXIT.later : EXIT.done;
}

/** States in which the application has the upload. */
const TAKEN: ReadonlySet<string> = new Set(["committed", "delivered"]);

function standsNow({ state, lastOutcome }: Row): string {
  const outcome =
    lastOutcome === null || lastOutcome === "accepted" ? "" : `, after ${printable(lastOutcome, 60)}`;
  return `it is ${printable(state, 20)} now${outcome}`;
}

async function apiFor(options: OperatorOptions, signal: AbortSignal): Promise<OperatorApi> {
  const edge = URL.parse(options.edge ?? "");
  if (edge === null || !/^https?:$/.test(edge.protocol)) {
    throw new CliError(
      "usage",
      "Name the edge by --edge or BITS_EDGE_URL, such as https://bits.example.com.",
    );
  }
  const token = options.token ?? "";
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CliError("usage", "Give the edge's OPERATOR_TOKEN by BITS_EDGE_TOKEN, or by --token.");
  }
  const page = options.page.endsWith("/") ? options.page : `${options.page}/`;
  if (!page.startsWith("/")) throw new CliError("usage", "--page begins with a slash, such as /_bits/.");
  return new OperatorApi({
    url: new URL(page, edge.href),
    token,
    tls: await readTlsSettings(pemOf(options)),
    signal,
  });
}

function pemOf({ ca }: OperatorOptions): { ca?: string } {
  return ca === undefined ? {} : { ca };
}

/** Windows and the log write ids with braces or without; the edge's JSON has none. */
function bare(id: string): string {
  const found = /^\{?([0-9a-f-]{36})\}?$/i.exec(id)?.[1];
  if (found !== undefined) return found.toUpperCase();
  throw new CliError("usage", `A session's id looks like A0FF5911-4144-45B3-BF27-27AFC8EC8A67; it is ${id}.`);
}
