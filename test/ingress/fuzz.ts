/**
 * Fuzzes the request reader: mutates a corpus of connections, reads each result whole and in two random splits, and
 * compares. `node test/ingress/fuzz.ts [--parses N] [--seed S]`; ends with 1, the seed and the bytes on a throw, a
 * slow read or a disagreement.
 */
import { parseArgs } from "node:util";
import { CORPUS, WORDS } from "./support/corpus.ts";
import { cutAt, readRequests, type ReadConnection } from "./support/read-requests.ts";
import { pickFrom, randomFrom } from "./support/random.ts";
import { startWatchdog } from "./support/watchdog.ts";

/** Slower than this in each of several tries; a single one may be the machine's doing. */
const SLOW_MILLISECONDS = 1_000;
const TRIES = 3;
const PARSES_PER_INPUT = 3;
const MAXIMUM_INPUT_BYTES = 4_096;
const MAXIMUM_POOL = 2_000;

const { values } = parseArgs({
  options: { parses: { type: "string", default: "10000000" }, seed: { type: "string", default: "1" } },
});
const wanted = Number(values.parses);
const seed = Number(values.seed);
const random = randomFrom(seed);
const { watch, end: endWatch } = startWatchdog(seed, MAXIMUM_INPUT_BYTES);

/** Inputs that reached something new join the corpus: the outcome's shape stands in for coverage. */
const pool: Uint8Array[] = [...CORPUS];
const shapesSeen = new Set<string>();
const outcomes = new Map<string, number>();

const started = performance.now();
let reported = started;
let parses = 0;
while (parses < wanted) {
  const input = mutate(pickFrom(random(2) === 0 ? CORPUS : pool, random));
  watch(input);
  const whole = readOrReport(input, []);
  for (let split = 1; split < PARSES_PER_INPUT; split++) {
    const cuts = split === 1 ? [random(input.byteLength + 1)] : everyFew(input.byteLength);
    const parts = readOrReport(input, cuts);
    if (fingerprint(parts) !== fingerprint(whole)) fail("disagreement", input, cuts);
  }
  parses += PARSES_PER_INPUT;
  remember(input, whole);
  const now = performance.now();
  if (now - reported >= 5_000) {
    reported = now;
    report();
  }
}
report();
endWatch();
console.log(`no crash, no hang, no disagreement; seed ${seed}; refusals by status and reason:`);
for (const [outcome, count] of [...outcomes].toSorted((one, other) => other[1] - one[1])) {
  console.log(`${String(count).padStart(10)}  ${outcome}`);
}

/** One to six changes, seldom many: words put in, bytes changed, parts removed, doubled, or taken from another input. */
function mutate(base: Uint8Array): Uint8Array {
  let bytes = base;
  for (let change = 1 + random(1 + random(6)); change > 0; change--) {
    const at = random(bytes.byteLength + 1);
    const end = Math.min(bytes.byteLength, at + random(12));
    const other = pickFrom(pool, random);
    const middle = [
      () => pickFrom(WORDS, random),
      () => Buffer.concat([pickFrom(WORDS, random), bytes.subarray(at, end)]),
      () => Uint8Array.of(random(256)),
      () => new Uint8Array(0),
      () => Buffer.concat([bytes.subarray(at, end), bytes.subarray(at, end)]),
      () => other.subarray(random(other.byteLength), random(other.byteLength)),
    ];
    bytes = Buffer.concat([bytes.subarray(0, at), pickFrom(middle, random)(), bytes.subarray(end)]);
  }
  return bytes.subarray(0, MAXIMUM_INPUT_BYTES);
}

/** Cuts a few bytes apart, now and then at every byte. */
function everyFew(length: number): number[] {
  const stride = 1 + random(40);
  const cuts: number[] = [];
  for (let cut = 1 + random(stride); cut < length; cut += 1 + random(stride)) cuts.push(cut);
  return cuts;
}

function readOrReport(input: Uint8Array, cuts: readonly number[]): ReadConnection {
  const pieces = cutAt(input, cuts);
  for (let tried = 1; ; tried++) {
    const before = performance.now();
    const read = readOrFail(input, pieces, cuts);
    if (performance.now() - before < SLOW_MILLISECONDS) return read;
    if (tried === TRIES) return fail("slow", input, cuts);
  }
}

function readOrFail(
  input: Uint8Array,
  pieces: readonly Uint8Array[],
  cuts: readonly number[],
): ReadConnection {
  try {
    return readRequests(pieces);
  } catch (error) {
    console.error(error);
    return fail("crash", input, cuts);
  }
}

/** All that was read, as text that is equal when it is. */
function fingerprint(read: ReadConnection): string {
  const requests = read.requests.map(({ head, body, isWhole }) => [
    head,
    Buffer.from(body).toString("latin1"),
    isWhole,
  ]);
  return JSON.stringify([requests, read.refusal?.reason, read.isInHead]);
}

function remember(input: Uint8Array, read: ReadConnection): void {
  const outcome = read.refusal === null ? "taken" : `${read.refusal.status} ${read.refusal.reason}`;
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const bodies = read.requests.map(({ head, isWhole }) => `${head.method} ${head.body.kind} ${isWhole}`);
  const shape = `${outcome} ${read.isInHead} ${bodies.join()}`;
  if (shapesSeen.has(shape)) return;
  shapesSeen.add(shape);
  if (pool.length < MAXIMUM_POOL) pool.push(input);
}

function report(): void {
  const seconds = (performance.now() - started) / 1_000;
  const rate = parses / seconds;
  const left = Math.max(0, Math.round((wanted - parses) / rate));
  console.log(
    `${parses} of ${wanted} parses, ${Math.round(rate)}/s, ${left} s left, ${pool.length} inputs in the pool`,
  );
}

function fail(kind: string, input: Uint8Array, cuts: readonly number[]): never {
  const bytes = Buffer.from(input).toString("latin1");
  console.error(JSON.stringify({ kind, seed, parses, cuts, bytes }));
  process.exit(1);
}
