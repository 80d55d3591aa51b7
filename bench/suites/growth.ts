import { OVERWRITING, startMeasuredEdge } from "../edge/measured-edge.ts";
import { atMost, type Figure, figure, ratio } from "../measure/figure.ts";
import { interleave } from "../measure/interleave.ts";
import { median } from "../measure/statistics.ts";
import { runRawStorage } from "../peers/peers.ts";
import type { Stage, Suite } from "./stage.ts";

const FRAGMENT_BYTES = 64 * 1024;
const FRAGMENTS = 10_000;
/** Fragments around the one that is meant: a checkpoint of the log falls on one or the other. */
const WINDOW = 100;

/** Whether a session gets slower the longer it is: one upload of 10,000 Fragments, left open. */
export const growth: Suite = {
  name: "growth",
  title: `One session of ${FRAGMENTS.toLocaleString("en")} Fragments of 64 KiB`,
  steps: 2,
  async run(stage) {
    const { rounds, progress } = stage;
    const runs = await interleave<string, readonly number[]>(
      { edge: () => uploadOne(stage), "raw SQLite": () => insertAll(stage) },
      rounds,
      progress,
      `${FRAGMENTS} fragments of one session`,
    );
    return describe(runs["edge"] ?? [], (runs["raw SQLite"] ?? []).flat());
  },
};

function describe(edge: readonly (readonly number[])[], sqlite: readonly number[]): readonly Figure[] {
  const around = (fragment: number) =>
    edge.map((latencies) => {
      const start = Math.max(0, Math.min(fragment - WINDOW / 2, FRAGMENTS - WINDOW));
      return median(latencies.slice(start, start + WINDOW));
    });
  const first = around(1);
  return [
    figure(
      "growth/first Fragment alone, which makes the object and its tables",
      "ms",
      edge.map((latencies) => latencies[0] ?? Number.NaN),
    ),
    figure("growth/Ack around the 1st Fragment", "ms", first),
    figure("growth/Ack around the 1,000th Fragment", "ms", around(1000)),
    figure("growth/Ack around the 10,000th Fragment", "ms", around(FRAGMENTS)),
    ratio("growth/the 1,000th to the 1st", around(1000), first),
    ratio("growth/the 10,000th to the 1st", around(FRAGMENTS), first, atMost(1.1)),
    figure("growth/raw SQLite, one insert", "ms", sqlite),
  ];
}

async function uploadOne({ uploader, origin, disk }: Stage): Promise<readonly number[]> {
  await using edge = await startMeasuredEdge({ storage: "memory", disk, originUrl: origin.url });
  const job = {
    destination: edge.door("tcp"),
    folder: OVERWRITING,
    totalBytes: FRAGMENTS * FRAGMENT_BYTES,
    fragmentBytes: FRAGMENT_BYTES,
    clients: 1,
    uploads: 1,
    ends: false,
  };
  await uploader.run({ ...job, totalBytes: 1000 * FRAGMENT_BYTES });
  return (await uploader.run(job)).latencies.fragment;
}

async function insertAll({ disk }: Stage): Promise<readonly number[]> {
  const totalBytes = FRAGMENTS * FRAGMENT_BYTES;
  const raw = await runRawStorage(
    { kind: "sqlite", totalBytes, fragmentBytes: FRAGMENT_BYTES },
    "memory",
    disk,
  );
  return [raw.writeMilliseconds / FRAGMENTS];
}
