import type { UploadJob, UploadResult } from "../client/process.ts";
import type { Destination } from "../client/upload.ts";
import { type MeasuredEdgeOptions, OVERWRITING, startMeasuredEdge } from "../edge/measured-edge.ts";
import type { StorageKind } from "../machine/folders.ts";
import { megabytesPerSecond } from "../measure/statistics.ts";
import { runRawStorage, startBareObject, startNullWorker, startTus } from "../peers/peers.ts";
import type { Stage } from "./stage.ts";

const MIB = 1024 * 1024;
const WARM_UP_BYTES = 32 * MIB;

/** What one transfer comes down to, whoever took it; NaN for what it does not have. */
export interface BulkRun {
  readonly megabytesPerSecond: number;
  /** Without what comes after the last Fragment's answer. */
  readonly withoutCommit: number;
  readonly latencies: readonly number[];
  /** CPU of workerd and of the client, milliseconds for each MiB. */
  readonly edgeCpu: number;
  readonly clientCpu: number;
}

/** One file, cut into Fragments, put into one kind of storage. */
export interface BulkLoad {
  readonly totalBytes: number;
  readonly fragmentBytes: number;
  readonly storage: StorageKind;
}

export async function throughEdge(
  stage: Stage,
  load: BulkLoad,
  dialect: "tcp" | "http",
  way: Pick<MeasuredEdgeOptions, "connection" | "sessionObjects"> = {},
): Promise<BulkRun> {
  const { origin, disk } = stage;
  const { storage } = load;
  await using edge = await startMeasuredEdge({ storage, disk, originUrl: origin.url, ...way });
  const job = jobTo(edge.door(dialect), load);
  await warmUp(stage, job);
  const before = await edge.cpuMilliseconds();
  const result = await stage.uploader.run(job);
  return toRun(load, result, (await edge.cpuMilliseconds()) - before);
}

export async function throughNullWorker(
  stage: Stage,
  load: BulkLoad,
  dialect: "tcp" | "http",
): Promise<BulkRun> {
  const worker = await startNullWorker();
  try {
    const job = jobTo(worker.door(dialect), load);
    await warmUp(stage, job);
    return toRun(load, await stage.uploader.run(job));
  } finally {
    await worker.stop();
  }
}

/** Fragments of more than a piece are one row here, which takes less than 2 MB. */
export async function throughBareObject(stage: Stage, load: BulkLoad): Promise<BulkRun> {
  const worker = await startBareObject(load.storage, stage.origin.url, stage.disk);
  try {
    const job = jobTo(worker.door("tcp"), { ...load, fragmentBytes: Math.min(load.fragmentBytes, MIB) });
    await warmUp(stage, job);
    return toRun(load, await stage.uploader.run(job));
  } finally {
    await worker.stop();
  }
}

/** @param originUrl of the one that gets the finished file, if the server is to promise what the edge does */
export async function throughTus(stage: Stage, load: BulkLoad, originUrl?: string): Promise<BulkRun> {
  const tus = await startTus(load.storage, stage.disk, originUrl);
  try {
    const job = jobTo(tus.destination, load);
    await warmUp(stage, job);
    return toRun(load, await stage.uploader.run(job));
  } finally {
    await tus.stop();
  }
}

/** The same bytes without any server. */
export async function straightToStorage(
  stage: Stage,
  { totalBytes, fragmentBytes, storage }: BulkLoad,
  kind: "sqlite" | "file",
): Promise<BulkRun> {
  const raw = await runRawStorage({ kind, totalBytes, fragmentBytes }, storage, stage.disk);
  const speed = megabytesPerSecond(totalBytes, raw.writeMilliseconds);
  return {
    megabytesPerSecond: speed,
    withoutCommit: speed,
    latencies: [],
    edgeCpu: Number.NaN,
    clientCpu: Number.NaN,
  };
}

/** Code is compiled and the heap has its size before anything counts. */
async function warmUp(stage: Stage, job: UploadJob): Promise<void> {
  await stage.uploader.run({ ...job, totalBytes: Math.max(WARM_UP_BYTES, job.fragmentBytes) });
}

function jobTo(destination: Destination, { totalBytes, fragmentBytes }: BulkLoad): UploadJob {
  return { destination, folder: OVERWRITING, totalBytes, fragmentBytes, clients: 1, uploads: 1 };
}

function toRun({ totalBytes }: BulkLoad, result: UploadResult, edgeCpu = Number.NaN): BulkRun {
  const body = result.uploads[0]?.bodyMilliseconds ?? Number.NaN;
  return {
    megabytesPerSecond: megabytesPerSecond(totalBytes, result.milliseconds),
    withoutCommit: megabytesPerSecond(totalBytes, body),
    latencies: result.latencies.fragment,
    edgeCpu: edgeCpu / (totalBytes / MIB),
    clientCpu: result.cpuMilliseconds / (totalBytes / MIB),
  };
}
