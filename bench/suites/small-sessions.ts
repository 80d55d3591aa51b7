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
/** Promised for 16 clients, through the TCP door, in directories whose uploads replace what is there. */
const TARGETS: Readonly<Record<StorageKind, Target>> = { memory: atLeast(500), disk: atLeast(220) };

interface Run {
  readonly perSecond: number;
  readonly result: UploadResult;
  /** What the origin took of each Close, from the request's head to its answer. */
  readonly originMilliseconds: readonly number[];
}

/** Create-Session, one Fragment of 64 KiB, Close-Session with its commit; many times, by several clients at once. */
export const smallSessions: Suite = {
  name: "small-sessions",
  title: "Sessions of one 64 KiB Fragment, committed",
  steps: STORAGES.length * SESSIONS.size * 6,
  async run(stage) {
    const figures: Figure[] = [];
    for (const storage of STORAGES) {
      for (const clients of SESSIONS.keys()) figures.push(...(await measure(stage, storage, clients)));
    }
    return figures;
  },
};

async function measure(stage: Stage, storage: StorageKind, clients: number): Promise<Figure[]> {
  const edge = (dialect: "tcp" | "http", folder: string) => () =>
    throughEdge(stage, storage, clients, dialect, folder);
  const runs = await interleave(
    {
      "edge, TCP door": edge("tcp", OVERWRITING),
      "null Worker": () => throughNull(stage, clients),
      "edge, TCP door, HEAD first": edge("tcp", KEEPING),
      "@tus/server": () => throughTus(stage, storage, clients),
      "bare object": async () =>
        await through(stage, clients, startBareObject(storage, stage.origin.url, stage.disk)),
      "objects that sessions share": async () =>
        await through(stage, clients, startSharingObjects(1, storage, stage.origin.url, stage.disk)),
      "edge, HTTP door": edge("http", OVERWRITING),
    },
    stage.rounds,
    stage.progress,
    `small sessions, ${clients} clients, ${storage}`,
  );
  const prefix = `small-sessions/${storage}/${clients} ${clients === 1 ? "client" : "clients"}`;
  const figures = Object.entries(runs).map(([name, own]) =>
    figure(
      `${prefix}/${name}`,
      "sessions/s",
      speeds(own),
      clients === 16 && name === "edge, TCP door" ? TARGETS[storage] : null,
    ),
  );
  const door = runs["edge, TCP door"];
  figures.push(
    ratio(`${prefix}/edge, TCP door to @tus/server`, speeds(door), speeds(runs["@tus/server"])),
    ratio(`${prefix}/edge, TCP door to null Worker`, speeds(door), speeds(runs["null Worker"])),
    ratio(`${prefix}/edge, TCP door to bare object`, speeds(door), speeds(runs["bare object"])),
    ratio(
      `${prefix}/edge, TCP door to objects that sessions share`,
      speeds(door),
      speeds(runs["objects that sessions share"]),
    ),
    figure(
      `${prefix}/Close beyond the origin's own time, p50`,
      "ms",
      door.map(closeBeyondOrigin),
      closeTarget(clients),
    ),
  );
  for (const [packet, kind] of [
    ["Create-Session", "begin"],
    ["Fragment", "fragment"],
    ["Close-Session", "end"],
  ] as const) {
    for (const share of [0.5, 0.99]) {
      const runsOf = door.map(({ result }) => percentile(result.latencies[kind], share));
      figures.push(figure(`${prefix}/${packet} Ack p${share * 100}`, "ms", runsOf));
    }
  }
  return figures;
}

function speeds(runs: readonly Run[]): number[] {
  return runs.map((run) => run.perSecond);
}

function closeBeyondOrigin({ result, originMilliseconds }: Run): number {
  return median(result.latencies.end) - median(originMilliseconds);
}

/** Promised where nobody waits for anybody else. */
function closeTarget(clients: number): Target | null {
  return clients === 1 ? atMost(2) : null;
}

async function throughEdge(
  stage: Stage,
  storage: StorageKind,
  clients: number,
  dialect: "tcp" | "http",
  folder: string,
): Promise<Run> {
  const { origin, disk } = stage;
  await using edge = await startMeasuredEdge({ storage, disk, originUrl: origin.url });
  return await upload(stage, edge.door(dialect), clients, folder);
}

async function throughNull(stage: Stage, clients: number): Promise<Run> {
  const worker = await startNullWorker();
  try {
    return await upload(stage, worker.door("tcp"), clients, OVERWRITING);
  } finally {
    await worker.stop();
  }
}

/** Uploads through a Worker that does the same calls as the edge, and nothing around them. */
async function through(stage: Stage, clients: number, started: Promise<Peer>): Promise<Run> {
  const worker = await started;
  try {
    return await upload(stage, worker.door("tcp"), clients, OVERWRITING);
  } finally {
    await worker.stop();
  }
}

async function throughTus(stage: Stage, storage: StorageKind, clients: number): Promise<Run> {
  const tus = await startTus(storage, stage.disk);
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
