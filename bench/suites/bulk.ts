import { STORAGES, type StorageKind } from "../machine/folders.ts";
import { atLeast, atMost, type Figure, figure, ratio, type Target } from "../measure/figure.ts";
import { interleave } from "../measure/interleave.ts";
import { percentile } from "../measure/statistics.ts";
import {
  type BulkLoad,
  type BulkRun,
  straightToStorage,
  throughBareObject,
  throughEdge,
  throughNullWorker,
  throughTus,
} from "./bulk-runs.ts";
import type { Stage, Suite } from "./stage.ts";

const KIB = 1024;
const MIB = 1024 * 1024;
const UPLOAD_BYTES = 256 * MIB;
const QUICK_UPLOAD_BYTES = 64 * MIB;

/** A size of Fragments, and what is promised for it at the TCP door. */
interface Size {
  readonly name: string;
  readonly bytes: number;
  /** MB/s in memory. */
  readonly memory: Target;
  /** Against raw SQLite on disk, the commit included. */
  readonly ofSqlite: Target;
  /** Against @tus/server with equal requests. */
  readonly ofTus: Target | null;
  /** Against the bare object. */
  readonly ofBare: Target;
}

const SIZES: readonly Size[] = [
  {
    name: "64 KiB",
    bytes: 64 * KIB,
    memory: atLeast(90),
    ofSqlite: atLeast(0.5),
    ofTus: atLeast(2),
    ofBare: atLeast(0.9),
  },
  {
    name: "1 MiB",
    bytes: MIB,
    memory: atLeast(180),
    ofSqlite: atLeast(0.8),
    ofTus: null,
    ofBare: atLeast(0.95),
  },
  {
    name: "13 MiB",
    bytes: 13 * MIB,
    memory: atLeast(180),
    ofSqlite: atLeast(0.8),
    ofTus: null,
    ofBare: atLeast(0.95),
  },
];

/** One upload at a time, as fast as it goes. */
export const bulk: Suite = {
  name: "bulk",
  title: "One upload of 256 MiB (64 MiB in a quick run)",
  steps: STORAGES.length * SIZES.length * 11,
  async run(stage) {
    const figures: Figure[] = [];
    for (const storage of STORAGES) {
      for (const size of SIZES) figures.push(...(await measure(stage, storage, size)));
    }
    return figures;
  },
};

async function measure(stage: Stage, storage: StorageKind, size: Size): Promise<Figure[]> {
  const totalBytes = stage.isQuick ? QUICK_UPLOAD_BYTES : UPLOAD_BYTES;
  const load: BulkLoad = { totalBytes, fragmentBytes: size.bytes, storage };
  const runs = await interleave<string, BulkRun>(
    {
      "edge, TCP door": () => throughEdge(stage, load, "tcp"),
      "raw SQLite": () => straightToStorage(stage, load, "sqlite"),
      "null Worker, TCP door": () => throughNullWorker(stage, load, "tcp"),
      "edge, HTTP door": () => throughEdge(stage, load, "http"),
      "edge, commit by fetch": () => throughEdge(stage, load, "tcp", { connection: "fetch" }),
      "file with fsync": () => straightToStorage(stage, load, "file"),
      "null Worker, HTTP door": () => throughNullWorker(stage, load, "http"),
      "@tus/server": () => throughTus(stage, load),
      "@tus/server, same promise": () => throughTus(stage, load, stage.origin.url),
      "edge, one object": () => throughEdge(stage, load, "tcp", { sessionObjects: 1 }),
      "bare object": () => throughBareObject(stage, load),
    },
    stage.rounds,
    stage.progress,
    `${totalBytes / MIB} MiB in ${size.name}, ${storage}`,
  );
  const of = (name: string): readonly BulkRun[] => runs[name] ?? [];
  const prefix = `bulk/${storage}/${size.name}`;
  const inMemory = storage === "memory" ? size.memory : null;
  return [
    ...Object.keys(runs).map((name) =>
      figure(`${prefix}/${name}`, "MB/s", speeds(of(name)), name === "edge, TCP door" ? inMemory : null),
    ),
    ...compare(prefix, "TCP door", of, {
      sqlite: storage === "disk" ? size.ofSqlite : null,
      tus: size.ofTus,
      bare: size.ofBare,
      promise: atLeast(1),
    }),
    // Promised for one client that sends 64 KiB at a time into memory.
    ...details(
      `${prefix}/edge, TCP door`,
      of("edge, TCP door"),
      storage === "memory" && size.bytes === 64 * KIB,
    ),
    ...compare(prefix, "HTTP door", of, NO_TARGETS),
    ...details(`${prefix}/edge, HTTP door`, of("edge, HTTP door"), false),
  ];
}

interface Targets {
  readonly sqlite: Target | null;
  readonly tus: Target | null;
  readonly bare: Target | null;
  /** Against @tus/server with the edge's promise. */
  readonly promise: Target | null;
}

const NO_TARGETS: Targets = { sqlite: null, tus: null, bare: null, promise: null };

function compare(
  prefix: string,
  door: "TCP door" | "HTTP door",
  of: (name: string) => readonly BulkRun[],
  targets: Targets,
): Figure[] {
  const edge = speeds(of(`edge, ${door}`));
  return [
    ratio(`${prefix}/edge, ${door} to raw SQLite`, edge, speeds(of("raw SQLite")), targets.sqlite),
    ratio(`${prefix}/edge, ${door} to @tus/server`, edge, speeds(of("@tus/server")), targets.tus),
    ratio(`${prefix}/edge, ${door} to null Worker`, edge, speeds(of(`null Worker, ${door}`))),
    ratio(`${prefix}/edge, ${door} to bare object`, edge, speeds(of("bare object")), targets.bare),
    ratio(
      `${prefix}/edge, ${door} to @tus/server, same promise`,
      edge,
      speeds(of("@tus/server, same promise")),
      targets.promise,
    ),
  ];
}

function details(prefix: string, runs: readonly BulkRun[], hasAckTargets: boolean): Figure[] {
  const ack = (share: number): number[] => runs.map(({ latencies }) => percentile(latencies, share));
  return [
    figure(
      `${prefix}, without commit`,
      "MB/s",
      runs.map((run) => run.withoutCommit),
    ),
    figure(`${prefix}, Ack p50`, "ms", ack(0.5), hasAckTargets ? atMost(0.6) : null),
    figure(`${prefix}, Ack p99`, "ms", ack(0.99), hasAckTargets ? atMost(3) : null),
    figure(
      `${prefix}, workerd's CPU for each MiB`,
      "ms CPU",
      runs.map((run) => run.edgeCpu),
    ),
    figure(
      `${prefix}, client's CPU for each MiB`,
      "ms CPU",
      runs.map((run) => run.clientCpu),
    ),
  ];
}

function speeds(runs: readonly BulkRun[]): number[] {
  return runs.map((run) => run.megabytesPerSecond);
}
