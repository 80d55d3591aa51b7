import { type DirectorySettings, type Edge, type EdgeOptions } from "../support/edge.ts";
import { startEdgeOfProject } from "../support/edge-of-project.ts";
import { type LegacyOrigin, type LegacyOriginOptions, startLegacyOrigin } from "../support/legacy-origin.ts";
import { Rig, useRig } from "../support/rig.ts";

export { contentOf, sha256 } from "../support/content.ts";
export type { Door } from "../support/rig.ts";
export { Upload } from "../support/upload.ts";

/** The directories of every edge here; a test file adds its own. */
const DIRECTORIES: readonly DirectorySettings[] = [
  { path: "/uploads/" },
  { path: "/overwrite/", allow_overwrites: true },
  { path: "/notify/", notification: "by-value", notification_url: "/receive.ashx" },
  { path: "/small/", maximum_upload_bytes: 1_000 },
  { path: "/closed/", enabled: false },
];

/** What an edge of a test file has that others have not. */
export interface BenchOptions {
  directories?: readonly DirectorySettings[];
  vars?: Readonly<Record<string, unknown>>;
  secrets?: EdgeOptions["secrets"];
  origin?: LegacyOriginOptions;
}

/** The edge of the project in front of a legacy origin; uploads keep to one connection, as Windows does. */
export class Bench extends Rig {
  constructor(edge: Edge, origin: LegacyOrigin) {
    super(edge, origin, { directory: "/uploads/", keepsConnections: true });
  }

  static async start(options: BenchOptions = {}): Promise<Bench> {
    const origin = await startLegacyOrigin(options.origin);
    try {
      const vars = {
        ORIGIN_URL: origin.url,
        UPLOAD_DIRECTORIES: [...DIRECTORIES, ...(options.directories ?? [])],
        ...options.vars,
      };
      const secrets = options.secrets ? { secrets: options.secrets } : {};
      return new Bench(await startEdgeOfProject({ vars, ...secrets }), origin);
    } catch (error) {
      await origin.close();
      throw error;
    }
  }
}

/** A bench for the tests of this file. */
export function useBench(options: BenchOptions = {}): () => Bench {
  return useRig(async () => Bench.start(options));
}
