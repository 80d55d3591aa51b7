import type { UploadResult } from "../client/process.ts";
import type { Destination } from "../client/upload.ts";
import { KEEPING, OVERWRITING, startMeasuredEdge } from "../edge/measured-edge.ts";
import { STORAGES, type StorageKind } from "../machine/folders.ts";
import { atLeast, atMost, type Figure, figure, ratio, type Target } from "../measure/figure.ts";
import { interleave } from "../measure/interleave.ts";
import { median, percentile } from "../measure/statistics.ts";
import {
  startBareObject,
  startNullWorker,
  startSharingObjects,
  startTus,
  type Peer,
} from "../peers/peers.ts";
import type { Stage, Suite } from "./stage.ts";

const SESSION_BYTES = 64 * 1024;
/** More sessions where more run at once, so that every run takes seconds. */
const SESSIONS = new Map([
  [1, 300],
  [4, 600],
  [16, 1200],
  [64, 1600],
]);
/** What is promised is promised for so many clients. */
const PROMISED_CLIENTS = 16;
/** The self-hosted edge, whose sessions share one object. */
const EDGE = "edge, one object";

/** Of the edge, through the TCP door, in directories whose uploads replace what is there. */
const TARGETS: Readonly<Record<StorageKind, Readonly<Record<string, Target>>>> = {
  memory: {
    [EDGE]: atLeast(500),
    "bare object": atLeast(1.3),
    "objects that sessions share": atLeast(0.75),
    "@tus/server, same promise": atLeast(1),
  },
  disk: {
    [EDGE]: atLeast(220),
    "bare object": atLeast(2),
    "objects that sessions share": atLeast(0.75),
    "@tus/server": atLeast(1),
    "@tus/server, same promise": atLeast(1),
  },
};

interface Run {
  readonly perSecond: number;
  readonly result: UploadResult;
  /** What the origin took of each Close, from the request's head to its answer. */
  readonly originMilliseconds: readonly number[];
}

/** Contestants for any number of clients, and those for PROMISED_CLIENTS only. */
const ALWAYS = 6;
const ONCE = 5;

/** Create-Session, one Fragment of 64 KiB, Close-Session with its commit; many times, by several clients at once. */
export const smallSessions: Suite = {
  name: "small-sessions",
  title: "Sessions of one 64 KiB Fragment, committed",
  steps: STORAGES.length * (SESSIONS.size * ALWAYS + ONCE),
  async run(stage) {
    const figures: Figure[] = [];
    for (const storage of STORAGES) {
      for (const clients of SESSIONS.keys()) figures.push(...(await measure(stage, storage, clients)));
    }
    return figures;
  },
};

async function measure(stage: Stage, storage: StorageKind, clients: number): Promise<Figure[]> {
  const { origin, disk } = stage;
  const edge =
    (sessionObjects: number, dialect: "tcp" | "http" = "tcp", folder = OVERWRITING) =>
    () =>
      throughEdge(stage, storage, clients, { sessionObjects, dialect, folder });
  const peer = (start: () => Promise<Peer>) => async () => await through(stage, clients, start());
  const once = {
    "edge, 4 objects": edge(4),
    "edge, 16 objects": edge(16),
    "edge, one object, HTTP door": edge(1, "http"),
    "edge, one object, HEAD first": edge(1, "tcp", KEEPING),
    "null Worker": peer(startNullWorker),
  };
  const runs: Readonly<Record<string, readonly Run[]>> = await interleave<string, Run>(
    {
      [EDGE]: edge(1),
      "edge, an object each": edge(0),
      "bare object": peer(() => startBareObject(storage, origin.url, disk)),
      "objects that sessions share": peer(() => startSharingObjects(1, storage, origin.url, disk)),
      "@tus/server": () => throughTus(stage, storage, clients),
      "@tus/server, same promise": () => throughTus(stage, storage, clients, origin.url),
      ...(clients === PROMISED_CLIENTS ? once : {}),
    },
    stage.rounds,
    stage.progress,
    `small sessions, ${clients} clients, ${storage}`,
  );
  const prefix = `small-sessions/${storage}/${clients} ${clients === 1 ? "client" : "clients"}`;
  const targets = clients === PROMISED_CLIENTS ? TARGETS[storage] : {};
  const ours = runs[EDGE] ?? [];
  const others = Object.entries(runs).filter(([name]) => !name.startsWith("edge"));
  return [
    ...Object.entries(runs).map(([name, own]) =>
      figure(`${prefix}/${name}`, "sessions/s", speeds(own), name === EDGE ? (targets[EDGE] ?? null) : null),
    ),
    ...others.map(([name, own]) =>
      ratio(`${prefix}/${EDGE}, to ${name}`, speeds(ours), speeds(own), targets[name] ?? null),
    ),
    ...waits(prefix, ours, clients === 1 && storage === "disk" ? atMost(2) : null),
  ];
}

/** @param beyondOrigin promised where nobody waits for anybody else */
function waits(prefix: string, runs: readonly Run[], beyondOrigin: Target | null): Figure[] {
  const packets = [
    ["Create-Session", "begin"],
    ["Fragment", "fragment"],
    ["Close-Session", "end"],
  ] as const;
  return [
    figure(
      `${prefix}/Close beyond the origin's own time, p50`,
      "ms",
      runs.map(closeBeyondOrigin),
      beyondOrigin,
    ),
    ...packets.flatMap(([packet, kind]) =>
      [0.5, 0.99].map((share) =>
        figure(
          `${prefix}/${packet} Ack p${share * 100}`,
          "ms",
          runs.map(({ result }) => percentile(result.latencies[kind], share)),
        ),
      ),
    ),
  ];
}

function speeds(runs: readonly Run[]): number[] {
  return runs.map((run) => run.perSecond);
}

function closeBeyondOrigin({ result, originMilliseconds }: Run): number {
  return median(result.latencies.end) - median(originMilliseconds);
}

async function throughEdge(
  stage: Stage,
  storage: StorageKind,
  clients: number,
  way: {
    readonly sessionObjects: number;
    readonly dialect: "tcp" | "http";
    readonly folder: string;
  },
): Promise<Run> {
  const { origin, disk } = stage;
  const { sessionObjects } = way;
  await using edge = await startMeasuredEdge({ storage, disk, originUrl: origin.url, sessionObjects });
  return await upload(stage, edge.door(way.dialect), clients, way.folder);
}

/** Uploads through a Worker that does the same calls as the edge and nothing around them, or nothing at all. */
async function through(stage: Stage, clients: number, started: Promise<Peer>): Promise<Run> {
  const worker = await started;
  try {
    return await upload(stage, worker.door("tcp"), clients, OVERWRITING);
  } finally {
    await worker.stop();
  }
}

/** @param originUrl of the one that gets each finished file, if the server is to promise what the edge does */
async function throughTus(
  stage: Stage,
  storage: StorageKind,
  clients: number,
  originUrl?: string,
): Promise<Run> {
  const tus = await startTus(storage, stage.disk, originUrl);
  try {
    return await upload(stage, tus.destination, clients, OVERWRITING);
  } finally {
    await tus.stop();
  }
}

async function upload(
  { uploader, origin, isQuick }: Stage,
  destination: Destination,
  clients: number,
  folder: string,
): Promise<Run> {
  const uploads = (SESSIONS.get(clients) ?? 0) / (isQuick ? 2 : 1);
  const job = {
    destination,
    folder,
    totalBytes: SESSION_BYTES,
    fragmentBytes: SESSION_BYTES,
    clients,
    uploads,
  };
  await uploader.run({ ...job, uploads: Math.ceil(uploads / 3) });
  await origin.takeMilliseconds();
  const result = await uploader.run(job);
  const originMilliseconds = await origin.takeMilliseconds();
  return { perSecond: (uploads / result.milliseconds) * 1000, result, originMilliseconds };
}
