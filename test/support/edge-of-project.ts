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

/** What test/lives/vitest.config.ts says in `env` of the edge that a project has; the edge as it is where it says nothing. */
export function edgeOfProject({ ABORTS, EVICTS }: NodeJS.ProcessEnv): Partial<EdgeOptions> {
  if (EVICTS !== undefined) return EVICTING_EDGE;
  return ABORTS === undefined ? {} : { main: ABORTING_EDGE, vars: { ABORTS } };
}

/**
 * The edge for tests that three vitest projects run: as it is, or, in those of `npm run test:lives`, one whose objects
 * are aborted, or evicted, before every packet.
 */
export async function startEdgeOfProject(options: EdgeOptions): Promise<Edge> {
  const { vars, ...own } = edgeOfProject(process.env);
  return startEdge({ ...options, ...own, vars: { ...options.vars, ...vars } });
}
