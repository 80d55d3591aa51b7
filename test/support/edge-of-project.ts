import { join } from "node:path";
import { PROJECT } from "./bundle.ts";
import { type Edge, type EdgeOptions, startEdge } from "./edge.ts";

/** A Worker whose objects can be made to die; it says how. */
export const ABORTING_EDGE = join(PROJECT, "test", "lives", "aborting-edge.ts");

/**
 * The edge for tests that two vitest projects run: as it is, or, where vitest.config.ts says so, one whose objects are
 * aborted before every packet.
 */
export async function startEdgeOfProject(options: EdgeOptions): Promise<Edge> {
  if (process.env["ABORTS"] === undefined) return startEdge(options);
  return startEdge({
    ...options,
    main: ABORTING_EDGE,
    vars: { ...options.vars, ABORTS: process.env["ABORTS"] },
  });
}
