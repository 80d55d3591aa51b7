import { join } from "node:path";
import { PROJECT } from "./bundle.ts";
import { type Edge, type EdgeOptions, startEdge } from "./edge.ts";

/** A Worker whose objects can be made to die; it says how. */
export const ABORTING_EDGE = join(PROJECT, "test", "lives", "aborting-edge.ts");

/** A Worker whose objects are evicted before every packet. */
export const EVICTING_EDGE = {
  main: join(PROJECT, "test", "lives", "evicting-edge.ts"),
  experiments: ["unsafe_module"],
};

/**
 * The edge for tests that three vitest projects run: as it is, or, where vitest.config.ts says so, one whose objects are
 * aborted, or evicted, before every packet.
 */
export async function startEdgeOfProject(options: EdgeOptions): Promise<Edge> {
  if (process.env["EVICTS"] !== undefined) return startEdge({ ...options, ...EVICTING_EDGE });
  if (process.env["ABORTS"] === undefined) return startEdge(options);
  return startEdge({
    ...options,
    main: ABORTING_EDGE,
    vars: { ...options.vars, ABORTS: process.env["ABORTS"] },
  });
}
