import type { UploadJob, UploadResult } from "../client/process.ts";
import type { Destination } from "../client/upload.ts";
import { OVERWRITING, startMeasuredEdge } from "../edge/measured-edge.ts";
import { atLeast, atMost, type Figure, figure, ratio, type Target } from "../measure/figure.ts";
import { interleave } from "../measure/interleave.ts";
import { megabytesPerSecond, percentile } from "../measure/statistics.ts";
import { STORAGES, type StorageKind } from "../machine/folders.ts";
import { runRawStorage, startNullWorker, startTus } from "../peers/peers.ts";
import type { Stage, Suite } from "./stage.ts";

const KIB = 1024;
const MIB = 1024 * 1024;
const UPLOAD_BYTES = 256 * MIB;

interface Size {
  readonly name: string;
  readonly bytes: number;
  readonly memory: Target;
  /** Against raw SQLite on disk. */
  readonly ofSqlite: Target;
}

const SIZES: readonly Size[] = [
  { name: "64 KiB", bytes: 64 * KIB, memory: atLeast(90), ofSqlite: atLeast(0.5) },
  { name: "1 MiB", bytes: MIB, memory: atLeast(180), ofSqlite: atLeast(0.8) },
  { name: "13 MiB", bytes: 13 * MIB, memory: atLeast(180), ofSqlite: atLeast(0.8) },
];

/** What every contestant comes down to. */
interface Run {
  readonly milliseconds: number;
  /** Without what comes after the last fragment's answer. */
  readonly bodyMilliseconds: number;
  readonly latencies: readonly number[];
  readonly edgeCpuMilliseconds: number;
  readonly clientCpuMilliseconds: number;
}

/** One upload of 256 MiB at a time. */
export const bulk: Suite = {
  name: "bulk",
  title: "One upload of 256 MiB",
  steps: STORAGES.length * SIZES.length * 7,
  async run(stage) {
    const figures: Figure[] = [];
    for (const storage of STORAGES) {
      for (const size of SIZES) figures.push(...(await measure(stage, storage, size)));
    }
    return figures;
  },
};

async function measure(stage: Stage, storage: StorageKind, size: Size): Promise<Figure[]> {
  const edge = (dialect: "tcp" | "http") => () => throughEdge(stage, storage, size.bytes, dialect);
  const nothing = (dialect: "tcp" | "http") => () => throughNull(stage, size.bytes, dialect);
  const runs = await interleave<string, Run>(
    {
      "edge, TCP door": edge("tcp"),
      "raw SQLite": () => raw(stage, storage, size.bytes, "sqlite"),
      "null Worker, TCP door": nothing("tcp"),
      "edge, HTTP door": edge("http"),
      "file with fsync": () => raw(stage, storage, size.bytes, "file"),
      "null Worker, HTTP door": nothing("http"),
      "@tus/server": () => throughTus(stage, storage, size.bytes),
    },
    stage.rounds,
    stage.progress,
    `${UPLOAD_BYTES / MIB} MiB in ${size.name}, ${storage}`,
  );
  return describe(`bulk/${storage}/${size.name}`, storage, size, runs);
}

function describe(
  prefix: string,
  storage: StorageKind,
  size: Size,
  runs: Readonly<Record<string, readonly Run[]>>,
): Figure[] {
  const speeds = (name: string, part: "milliseconds" | "bodyMilliseconds" = "milliseconds") =>
    (runs[name] ?? []).map((run) => megabytesPerSecond(UPLOAD_BYTES, run[part]));
  const figures = Object.keys(runs).map((name) => {
    const target = storage === "memory" && name === "edge, TCP door" ? size.memory : null;
    return figure(`${prefix}/${name}`, "MB/s", speeds(name), target);
  });
  for (const door of ["TCP door", "HTTP door"]) {
    const name = `edge, ${door}`;
    const own = runs[name] ?? [];
    figures.push(
      figure(`${prefix}/${name}, without commit`, "MB/s", speeds(name, "bodyMilliseconds")),
      ratio(
        `${prefix}/${name} to raw SQLite`,
        speeds(name),
        speeds("raw SQLite"),
        storage === "disk" && door === "TCP door" ? size.ofSqlite : null,
      ),
      ratio(
        `${prefix}/${name} to @tus/server`,
        speeds(name),
        speeds("@tus/server"),
        size.bytes === 64 * KIB && door === "TCP door" ? atLeast(2) : null,
      ),
      ratio(`${prefix}/${name} to null Worker`, speeds(name), speeds(`null Worker, ${door}`)),
      figure(`${prefix}/${name}, Ack p50`, "ms", at(own, 0.5), ackTarget(0.6, storage, size, door)),
      figure(`${prefix}/${name}, Ack p99`, "ms", at(own, 0.99), ackTarget(3, storage, size, door)),
      figure(
        `${prefix}/${name}, workerd's CPU per MiB`,
        "ms CPU",
        own.map((run) => run.edgeCpuMilliseconds / (UPLOAD_BYTES / MIB)),
      ),
      figure(
        `${prefix}/${name}, client's CPU per MiB`,
        "ms CPU",
        own.map((run) => run.clientCpuMilliseconds / (UPLOAD_BYTES / MIB)),
      ),
    );
  }
  return figures;
}

function at(runs: readonly Run[], share: number): number[] {
  return runs.map((run) => percentile(run.latencies, share));
}

/** Promised for one client that sends 64 KiB at a time into memory. */
function ackTarget(milliseconds: number, storage: StorageKind, size: Size, door: string): Target | null {
  const isPromised = storage === "memory" && size.bytes === 64 * KIB && door === "TCP door";
  return isPromised ? atMost(milliseconds) : null;
}

async function throughEdge(
  stage: Stage,
  storage: StorageKind,
  fragmentBytes: number,
  dialect: "tcp" | "http",
): Promise<Run> {
  const { origin, disk } = stage;
  await using edge = await startMeasuredEdge({ storage, disk, originUrl: origin.url });
  await warmUp(stage, edge.door(dialect), fragmentBytes);
  const before = await edge.cpuMilliseconds();
  const result = await stage.uploader.run(jobTo(edge.door(dialect), fragmentBytes));
  return toRun(result, (await edge.cpuMilliseconds()) - before);
}

async function throughNull(stage: Stage, fragmentBytes: number, dialect: "tcp" | "http"): Promise<Run> {
  const worker = await startNullWorker();
  try {
    await warmUp(stage, worker.door(dialect), fragmentBytes);
    return toRun(await stage.uploader.run(jobTo(worker.door(dialect), fragmentBytes)), Number.NaN);
  } finally {
    await worker.stop();
  }
}

async function throughTus(stage: Stage, storage: StorageKind, fragmentBytes: number): Promise<Run> {
  const tus = await startTus(storage, stage.disk);
  try {
    await warmUp(stage, tus.destination, fragmentBytes);
    return toRun(await stage.uploader.run(jobTo(tus.destination, fragmentBytes)), Number.NaN);
  } finally {
    await tus.stop();
  }
}

async function raw(
  stage: Stage,
  storage: StorageKind,
  fragmentBytes: number,
  kind: "sqlite" | "file",
): Promise<Run> {
  const job = { kind, totalBytes: UPLOAD_BYTES, fragmentBytes };
  const { writeMilliseconds: milliseconds } = await runRawStorage(job, storage, stage.disk);
  return {
    milliseconds,
    bodyMilliseconds: milliseconds,
    latencies: [],
    edgeCpuMilliseconds: Number.NaN,
    clientCpuMilliseconds: Number.NaN,
  };
}

/** Code is compiled and the heap has its size before anything counts. */
async function warmUp(stage: Stage, destination: Destination, fragmentBytes: number): Promise<void> {
  await stage.uploader.run({
    ...jobTo(destination, fragmentBytes),
    totalBytes: Math.max(32 * MIB, fragmentBytes),
  });
}

function jobTo(destination: Destination, fragmentBytes: number): UploadJob {
  return {
    destination,
    folder: OVERWRITING,
    totalBytes: UPLOAD_BYTES,
    fragmentBytes,
    clients: 1,
    uploads: 1,
  };
}

function toRun(result: UploadResult, edgeCpuMilliseconds: number): Run {
  return {
    milliseconds: result.milliseconds,
    bodyMilliseconds: result.uploads[0]?.bodyMilliseconds ?? Number.NaN,
    latencies: result.latencies.fragment,
    edgeCpuMilliseconds,
    clientCpuMilliseconds: result.cpuMilliseconds,
  };
}
