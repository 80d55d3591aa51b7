import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Random } from "../kill/random.ts";
import { startEdge } from "../support/edge.ts";
import { Bench } from "./bench.ts";
import { FaultyOrigin } from "./faulty-origin.ts";
import { cancelSessions, type Fate, findSessions, finishSessions, openSessions } from "./open-sessions.ts";

/**
 * `npm run test:open`: ten thousand sessions on one workerd, on disk, with a Fragment each, all left open. Then a
 * tenth of them is finished and a tenth cancelled, at random, and a tenth of the rest is looked at. Times and workerd's
 * memory are printed, and fail nothing; a session that is not as it has to be does.
 */
const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "10000" },
    // workerd lets go of an object that nobody has called for ten seconds.
    idle: { type: "string", default: "15" },
    seed: { type: "string", default: "ten thousand" },
  },
});
const COUNT = Number(values.sessions);
const random = new Random(values.seed);

const origin = await FaultyOrigin.start();
// Not the bench's own directories: they give an origin up after a second, which a disk under load can cost.
const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: [{ path: "/files/" }] };
await using edge = await startEdge({ vars });
const bench = new Bench(edge, origin);

/** Runs `work` and prints how long it took, and what memory is after it. */
async function timed<T>(name: string, count: number, work: Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work;
  const seconds = (performance.now() - start) / 1_000;
  const memory = ((await edge.rssBytes()) ?? 0) / (1 << 20);
  const speed = count === 0 ? "" : `${(count / seconds).toFixed(0)} a second`;
  const columns = [name.padEnd(30), `${seconds.toFixed(1)} s`.padStart(9), speed.padStart(14)];
  console.log(`${columns.join("")}   workerd ${memory.toFixed(0)} MiB`);
  return result;
}

await timed("started", 0, pause(0));
const open = await timed(`${COUNT} opened`, COUNT, openSessions(bench, COUNT));
await timed("left alone", 0, pause(Number(values.idle) * 1_000));

const shuffled = open
  .map((upload) => ({ upload, place: random.next() }))
  .toSorted((one, other) => one.place - other.place)
  .map(({ upload }) => upload);
const tenth = Math.ceil(COUNT / 10);
const take = (from: number): typeof open => shuffled.slice(from * tenth, (from + 1) * tenth);
const fates: Fate[] = [
  await timed(`${tenth} finished`, tenth, finishSessions(bench, take(0))),
  await timed(`${tenth} cancelled`, tenth, cancelSessions(bench, take(1))),
  await timed(`${tenth} of the others found`, tenth, findSessions(bench, take(2))),
];
await timed("left alone", 0, pause(Number(values.idle) * 1_000));

const wrong = fates.flatMap((fate) => fate.wrong);
console.log([`not as they have to be: ${wrong.length}`, ...wrong].join("\n"));
process.exitCode = wrong.length === 0 ? 0 : 1;
await origin.stop();
