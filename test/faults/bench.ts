import { type Edge, type EdgeOptions, startEdge } from "../support/edge.ts";
import type { LegacyOriginOptions } from "../support/legacy-origin.ts";
import { Rig, useRig } from "../support/rig.ts";
import { Upload as UploadTo } from "../support/upload.ts";
import { FaultyOrigin } from "./faulty-origin.ts";

const TOLD = { notification: "by-value", notification_url: "/receive.ashx" } as const;

/** Only where a test waits for the end of the edge's patience is that short: elsewhere a slow machine would end it. */
export const DIRECTORIES = [
  { path: "/files/" },
  { path: "/notify/", ...TOLD },
  { path: "/impatient-files/", origin_timeout_seconds: 1 },
  { path: "/impatient-notify/", ...TOLD, origin_timeout_seconds: 1 },
  { path: "/brief/", session_timeout_seconds: 4 },
] as const;

/** An edge in front of an origin whose wire can be broken; each packet has a connection of its own. */
export class Bench extends Rig<FaultyOrigin> {
  constructor(edge: Edge, origin: FaultyOrigin) {
    super(edge, origin, { directory: "/files/", keepsConnections: false });
  }
}

export const Upload = UploadTo<Bench>;
export type Upload = UploadTo<Bench>;

/** A bench for the tests of a file. */
export function useBench(
  options: { vars?: Omit<EdgeOptions["vars"], "ORIGIN_URL">; origin?: LegacyOriginOptions } = {},
): () => Bench {
  return useRig(async () => {
    const origin = await FaultyOrigin.start(options.origin);
    const vars = { UPLOAD_DIRECTORIES: DIRECTORIES, ...options.vars, ORIGIN_URL: origin.url };
    return new Bench(await startEdge({ vars }), origin);
  });
}
