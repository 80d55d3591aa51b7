import { join } from "node:path";
import { type MeasuredEdge, OVERWRITING, startMeasuredEdge } from "../edge/measured-edge.ts";
import { atMost, type Figure, figure } from "../measure/figure.ts";
import { interleave } from "../measure/interleave.ts";
import { type Counts, dollars, dollarsPerStoredHour, extrapolate, withMoving } from "../money/prices.ts";
import type { Stage, Suite } from "./stage.ts";

const COUNTING_WORKER = join(import.meta.dirname, "..", "workers", "counting-worker.js");
const MIB = 1024 * 1024;
const SMALL_BYTES = 10e6;
/** Large enough that connections are counted in tens, not in ones. */
const LARGE_BYTES = 110e6;
const HUGE_BYTES = 10e9;
/** In segments, but for the last 2 GiB. */
const SEGMENTED_BYTES = 100e9;
const SIZES = [
  { name: "64 KiB", bytes: MIB / 16 },
  { name: "1 MiB", bytes: MIB },
  { name: "13 MiB", bytes: 13 * MIB },
] as const;
/**
 * What comes after the Ack: the alarm that watched over the commit, seconds later, which is set once more, and weeks
 * later the one that removes the tombstone.
 */
const LATER = { objectRequests: 2, rowsWritten: 1 };

/** What a million uploads would cost at Cloudflare's marginal prices, from what was counted here. */
export const money: Suite = {
  name: "money",
  title: "Dollars for a million uploads",
  steps: SIZES.length * 3,
  async run(stage) {
    const figures: Figure[] = [];
    for (const size of SIZES) {
      const runs = await interleave(
        {
          "TCP door": () => count(stage, size.bytes, "tcp"),
          "HTTP door": () => count(stage, size.bytes, "http"),
          "TCP door, one object": () => count(stage, size.bytes, "tcp", 1),
        },
        stage.rounds,
        stage.progress,
        `counting, ${size.name}`,
      );
      for (const [door, own] of Object.entries(runs)) figures.push(...describe(size.name, door, own));
    }
    return [
      ...figures,
      figure("money/10 MB stored for an hour, a million of them", "dollars", [
        1e6 * dollarsPerStoredHour(SMALL_BYTES),
      ]),
      figure("money/10 GB stored for an hour", "dollars", [dollarsPerStoredHour(HUGE_BYTES)]),
      figure("money/100 GB stored for a day", "dollars", [24 * dollarsPerStoredHour(SEGMENTED_BYTES)]),
    ];
  },
};

interface Run {
  readonly small: Counts;
  readonly huge: Counts;
  readonly segmented: Counts;
}

function describe(size: string, door: string, runs: readonly Run[]): Figure[] {
  const prefix = `money/10 MB in ${size}/${door}`;
  const isPromised = size === "1 MiB" && door === "TCP door";
  const of = (name: keyof Counts): number[] => runs.map(({ small }) => small[name]);
  return [
    figure(
      `${prefix}, a million of them`,
      "dollars",
      runs.map(({ small }) => 1e6 * dollars(small)),
      isPromised ? atMost(24) : null,
    ),
    figure(`${prefix}, requests to the Worker`, "requests", of("workerRequests")),
    figure(`${prefix}, requests to objects`, "requests", of("objectRequests")),
    figure(`${prefix}, rows written`, "rows", of("rowsWritten")),
    figure(`${prefix}, rows read`, "rows", of("rowsRead")),
    figure(`${prefix}, active time`, "ms", of("activeMilliseconds")),
    figure(`${prefix}, workerd's CPU`, "ms CPU", of("cpuMilliseconds")),
    figure(
      `money/10 GB in ${size}/${door}, one (computed)`,
      "dollars",
      runs.map(({ huge }) => dollars(huge)),
    ),
    figure(
      `money/100 GB in ${size}/${door}, one (computed)`,
      "dollars",
      runs.map(({ segmented }) => dollars(segmented)),
    ),
  ];
}

async function count(
  stage: Stage,
  fragmentBytes: number,
  dialect: "tcp" | "http",
  sessionObjects = 0,
): Promise<Run> {
  const { origin, disk } = stage;
  await using edge = await startMeasuredEdge({
    storage: "memory",
    disk,
    originUrl: origin.url,
    main: COUNTING_WORKER,
    sessionObjects,
  });
  await countOne(stage, edge, SMALL_BYTES, fragmentBytes, dialect);
  const small = await countOne(stage, edge, SMALL_BYTES, fragmentBytes, dialect);
  const large = await countOne(stage, edge, LARGE_BYTES, fragmentBytes, dialect);
  const counted = [
    { bytes: SMALL_BYTES, counts: small },
    { bytes: LARGE_BYTES, counts: large },
  ] as const;
  const segmented = withMoving(SEGMENTED_BYTES, extrapolate(SEGMENTED_BYTES, ...counted));
  return { small, huge: extrapolate(HUGE_BYTES, ...counted), segmented };
}

async function countOne(
  { uploader }: Stage,
  edge: MeasuredEdge,
  totalBytes: number,
  fragmentBytes: number,
  dialect: "tcp" | "http",
): Promise<Counts> {
  const counts = `${edge.httpUrl}/bench/counts`;
  await (await fetch(counts)).text();
  const before = await edge.cpuMilliseconds();
  const destination = edge.door(dialect);
  await uploader.run({ destination, folder: OVERWRITING, totalBytes, fragmentBytes, clients: 1, uploads: 1 });
  const cpuMilliseconds = (await edge.cpuMilliseconds()) - before;
  const counted = (await (await fetch(counts)).json()) as Omit<Counts, "cpuMilliseconds">;
  return {
    ...counted,
    objectRequests: counted.objectRequests + LATER.objectRequests,
    rowsWritten: counted.rowsWritten + LATER.rowsWritten,
    cpuMilliseconds,
  };
}
