import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type DirectorySettings, startEdge } from "../../test/support/edge.ts";
import type { Destination } from "../client/upload.ts";
import { folderFor, type StorageKind } from "../machine/folders.ts";
import { cpuMilliseconds, descendants } from "../measure/process-usage.ts";

export interface MeasuredEdgeOptions {
  readonly storage: StorageKind;
  readonly originUrl: string;
  readonly disk?: string | undefined;
  /** How many objects share the sessions; default: each session has its own. */
  readonly sessionObjects?: number | undefined;
  /** What brings commits to the origin; default: the edge's own, which is a socket here. */
  readonly connection?: "fetch" | undefined;
  /** Default: the production bundle under bare workerd. */
  readonly via?: "workerd" | "wrangler";
  readonly main?: string;
}

/** An edge with fresh storage of its own, and what the system knows of its workerd. */
export interface MeasuredEdge extends AsyncDisposable {
  readonly httpUrl: string;
  /** The process of workerd; 0 where the system does not say. */
  readonly pid: number;
  door(dialect: "tcp" | "http"): Destination;
  cpuMilliseconds(): Promise<number>;
}

/** Uploads to the first replace what is there, so the origin is not asked; to the second they do not. */
export const OVERWRITING = "/overwriting/";
export const KEEPING = "/keeping/";

const DIRECTORIES: readonly DirectorySettings[] = [
  { path: OVERWRITING, allow_overwrites: true },
  { path: KEEPING, allow_overwrites: false },
];

export async function startMeasuredEdge(options: MeasuredEdgeOptions): Promise<MeasuredEdge> {
  const storage = await mkdtemp(join(await folderFor(options.storage, options.disk), "edge-"));
  const before = new Set(await descendants("workerd"));
  const edge = await startEdge({
    vars: {
      ORIGIN_URL: options.originUrl,
      ...(options.connection === undefined ? {} : { ORIGIN_CONNECTION: options.connection }),
      ...(options.sessionObjects === undefined ? {} : { SESSION_OBJECTS: options.sessionObjects }),
      UPLOAD_DIRECTORIES: DIRECTORIES,
    },
    storage,
    via: options.via ?? "workerd",
    ...(options.main === undefined ? {} : { main: options.main }),
  });
  const pid = (await descendants("workerd")).find((id) => !before.has(id)) ?? 0;
  return {
    pid,
    httpUrl: edge.httpUrl,
    door: (dialect) => ({
      host: "127.0.0.1",
      port: dialect === "tcp" ? edge.tcpPort : edge.httpPort,
      dialect,
    }),
    cpuMilliseconds: () => cpuMilliseconds(pid),
    async [Symbol.asyncDispose]() {
      await edge.stop();
      await rm(storage, { recursive: true, force: true });
    },
  };
}
