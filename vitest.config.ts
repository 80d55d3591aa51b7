import { defineConfig } from "vitest/config";
import { PATIENCE, RUN, SHARED, sessionProjects } from "./test/projects.ts";

/** Rooms whose tests need no edge, and those that have a project of their own. */
const PURE = [
  "test/{protocol,http1,origin,runtime,config,middleware,signed,tools,kill,docs,simulation}/**/*.test.ts",
  "test/operator/page/**/*.test.ts",
];
const INGRESS = ["test/ingress/**/*.test.ts"];
const SESSION = ["test/session/**/*.test.ts"];
/** They have a configuration of their own. */
const OTHERS = ["test/{peers,package,long}/**"];

/**
 * Three rooms: what is pure and what is black box run on Node, the session's own tests inside workerd. SESSION_OBJECTS=4
 * in the environment has the black box's sessions share objects. `npm run test:lives` runs much of it again.
 */
export default defineConfig({
  test: {
    ...RUN,
    projects: [
      { test: { name: "pure", include: PURE, ...SHARED, ...PATIENCE } },
      { test: { name: "ingress", include: INGRESS, ...PATIENCE } },
      {
        test: {
          name: "black box",
          // All others, so that no file in a new room is forgotten.
          include: ["test/**/*.test.ts"],
          exclude: [...PURE, ...INGRESS, ...SESSION, ...OTHERS],
          globalSetup: ["test/support/bundle.setup.ts"],
          ...SHARED,
          ...PATIENCE,
        },
      },
      ...sessionProjects(0),
    ],
  },
});
