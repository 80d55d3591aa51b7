import { OVERWRITING, startMeasuredEdge } from "../edge/measured-edge.ts";
import { atLeast, atMost, type Figure, figure, ratio } from "../measure/figure.ts";
import { interleave } from "../measure/interleave.ts";
import { peakWhile, residentBytes } from "../measure/process-usage.ts";
import { megabytesPerSecond } from "../measure/statistics.ts";
import { runRawStorage } from "../peers/peers.ts";
import type { Stage, Suite } from "./stage.ts";

const MIB = 1024 * 1024;
const UPLOAD_BYTES = 2048 * MIB;
const FRAGMENT_BYTES = 13 * MIB;
const CLIENTS = 64;

interface Run {
  readonly commitMilliseconds: number;
  readonly rawReadMilliseconds: number;
  readonly grownMebibytes: number;
}

/** What size costs in time and memory: one upload of 2 GiB, and 64 at once whose Fragments are 13 MiB. */
export const largeUpload: Suite = {
  name: "large-upload",
  title: "One upload of 2 GiB; 64 uploads at once in Fragments of 13 MiB",
  steps: 3,
  async run(stage) {
    const { rounds, progress } = stage;
    const runs = await interleave<string, Run>(
      {
        edge: () => uploadOne(stage),
        "raw SQLite": () => readRaw(stage),
        many: () => uploadMany(stage),
      },
      rounds,
      progress,
      "2 GiB",
    );
    return describe(runs["edge"] ?? [], runs["raw SQLite"] ?? [], runs["many"] ?? []);
  },
};

function describe(edge: readonly Run[], raw: readonly Run[], many: readonly Run[]): readonly Figure[] {
  const commits = edge.map((run) => megabytesPerSecond(UPLOAD_BYTES, run.commitMilliseconds));
  const reads = raw.map((run) => megabytesPerSecond(UPLOAD_BYTES, run.rawReadMilliseconds));
  const grown = (runs: readonly Run[]) => runs.map((run) => run.grownMebibytes);
  return [
    figure("large-upload/commit of 2 GiB", "MB/s", commits),
    figure("large-upload/raw SQLite, the same rows read", "MB/s", reads),
    ratio("large-upload/commit to raw SQLite", commits, reads, atLeast(0.7)),
    figure("large-upload/workerd's memory grows through 2 GiB by", "MiB", grown(edge), atMost(64)),
    figure(`large-upload/workerd's memory grows with ${CLIENTS} uploads by`, "MiB", grown(many), atMost(256)),
  ];
}

async function uploadOne({ uploader, origin, disk }: Stage): Promise<Run> {
  await using edge = await startMeasuredEdge({ storage: "memory", disk, originUrl: origin.url });
  const job = {
    destination: edge.door("tcp"),
    folder: OVERWRITING,
    totalBytes: UPLOAD_BYTES,
    fragmentBytes: FRAGMENT_BYTES,
    clients: 1,
    uploads: 1,
  };
  // What one small upload needs is there already: growth is what the size adds.
  await uploader.run({ ...job, totalBytes: 2 * FRAGMENT_BYTES });
  const before = await residentBytes(edge.pid);
  let commitMilliseconds = Number.NaN;
  const peak = await peakWhile(edge.pid, async () => {
    commitMilliseconds = (await uploader.run(job)).uploads[0]?.closeMilliseconds ?? Number.NaN;
  });
  return { commitMilliseconds, rawReadMilliseconds: Number.NaN, grownMebibytes: (peak - before) / MIB };
}

async function readRaw({ disk }: Stage): Promise<Run> {
  const job = { kind: "sqlite", totalBytes: UPLOAD_BYTES, fragmentBytes: FRAGMENT_BYTES } as const;
  const { readMilliseconds } = await runRawStorage(job, "memory", disk);
  return {
    commitMilliseconds: Number.NaN,
    rawReadMilliseconds: readMilliseconds,
    grownMebibytes: Number.NaN,
  };
}

async function uploadMany({ uploader, origin, disk }: Stage): Promise<Run> {
  await using edge = await startMeasuredEdge({ storage: "memory", disk, originUrl: origin.url });
  const job = {
    destination: edge.door("tcp"),
    folder: OVERWRITING,
    totalBytes: 2 * FRAGMENT_BYTES,
    fragmentBytes: FRAGMENT_BYTES,
    clients: CLIENTS,
    uploads: CLIENTS,
  };
  await uploader.run({ ...job, clients: 1, uploads: 1 });
  const before = await residentBytes(edge.pid);
  const peak = await peakWhile(edge.pid, () => uploader.run(job));
  return {
    commitMilliseconds: Number.NaN,
    rawReadMilliseconds: Number.NaN,
    grownMebibytes: (peak - before) / MIB,
  };
}
