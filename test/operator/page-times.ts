// `npm run bench:page`: the operator's page over ten thousand sessions of a real edge, on disk, in Debian's Chromium. A
// time over the target is printed, and fails nothing. The machine's load is printed with it: Chromium itself takes most.
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { Bench } from "../faults/bench.ts";
import { FaultyOrigin } from "../faults/faulty-origin.ts";
import { finishSessions, openSessions } from "../faults/open-sessions.ts";
import { startEdge } from "../support/edge.ts";
import { startBrowser } from "./page/browser.ts";

const TOKEN = "the-token-of-an-operator-0123456789";
const TARGET_MS = 300;
const RUNS = 15;
/** The first is the floor: a page with nothing in it, which asks no session. */
const LOOKS: readonly (readonly [name: string, query: string])[] = [
  ["a page with nothing in it", "session/none"],
  ["first screen", ""],
  ["by path", "?path=/files/file-77"],
  ["by client, which all are", "?client=127.0.0.1"],
  ["by state and path, nothing fits", "?state=held&path=/nothing"],
  ["all, silent for ten minutes", "?state=all&quiet=600"],
];

const { values } = parseArgs({ options: { sessions: { type: "string", default: "10000" } } });
const count = Number(values.sessions);
const origin = await FaultyOrigin.start();
await using edge = await startEdge({
  vars: { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/files/" }], SESSION_OBJECTS: 1 },
  secrets: { SESSION_KEY: "k".repeat(32), OPERATOR_TOKEN: TOKEN },
});
const base = `${edge.httpUrl}/_bits/`;
const bench = new Bench(edge, origin);
const uploads = await openSessions(bench, count);
await finishSessions(bench, uploads.slice(0, count / 10));
const load = loadavg()[0]?.toFixed(1);
console.log(`${count} sessions, of which ${count / 10} are done; load before looking ${load}`);

const browser = await startBrowser();
const context = await browser.newContext({ extraHTTPHeaders: { Authorization: `Bearer ${TOKEN}` } });
const page = await context.newPage();
await page.goto(base); // style and script are kept from the first visit on
try {
  for (const [name, query] of LOOKS) {
    const answers = await timesOf(async () => await answerTime(`${base}${query}`));
    const paints = await timesOf(async () => await paintTime(page, `${base}${query}`));
    const verdict = median(paints) < TARGET_MS ? "met" : "missed";
    console.log(
      `${name.padEnd(34)} answer ${inWords(answers)}   first paint ${inWords(paints)}   ${verdict}`,
    );
  }
} finally {
  await browser.close();
  await origin.stop();
}

async function timesOf(look: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) times.push(await look());
  return times;
}

/** Milliseconds from the request to the last byte of its answer. */
async function answerTime(url: string): Promise<number> {
  const start = performance.now();
  const response = await fetch(url, { headers: { Authorization: `Bearer ${TOKEN}` } });
  if (!(await response.text()).includes("</html>")) throw new Error(`${url} was answered ${response.status}`);
  return performance.now() - start;
}

/** Milliseconds from the navigation to the first content that is shown. */
async function paintTime(on: Page, url: string): Promise<number> {
  await on.goto(url);
  const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
  for (;;) {
    const time = await on.evaluate<number | undefined>(paint);
    if (time !== undefined) return time;
  }
}

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;
}

function inWords(times: readonly number[]): string {
  const [least, most] = [Math.min(...times), Math.max(...times)].map((time) => time.toFixed(0));
  return `${median(times).toFixed(0)} ms (${least} to ${most})`.padEnd(24);
}
