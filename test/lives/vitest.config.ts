import { defineConfig, type UserWorkspaceConfig } from "vitest/config";
import { PATIENCE, RUN, SHARED, sessionProjects } from "../projects.ts";

/** The black box again, with the edge whose objects are ended before every packet; `env` tells the tests which one. */
function withShortLives(how: string, env: Record<string, string>): UserWorkspaceConfig {
  return {
    test: {
      name: `black box, objects ${how}`,
      include: [
        "test/conformance/**/*.test.ts",
        "test/reply/**/*.test.ts",
        "test/conformance-model/**/*.test.ts",
      ],
      exclude: [
        // Pass-through reaches no object, and admission is decided before there is one.
        "test/conformance/pass-through.test.ts",
        "test/reply/admission.test.ts",
        // These have an edge for each test, which they configure, or end, themselves.
        "test/conformance/configuration.test.ts",
        "test/conformance/restart.test.ts",
      ],
      env,
      setupFiles: ["test/lives/exceptions.ts"],
      globalSetup: ["test/support/bundle.setup.ts"],
      ...SHARED,
      ...PATIENCE,
    },
  };
}

/**
 * `npm run test:lives`: the tests of `npm test` that sessions pass through, again in front of objects that die. Once those
 * of an object for each session are aborted before every packet, and once the object that all sessions share is evicted.
 * And the session's own tests, with all sessions in one object.
 */
export default defineConfig({
  test: {
    ...RUN,
    projects: [
      withShortLives("aborted", { ABORTS: "before-packets" }),
      withShortLives("evicted, with all sessions in one", { EVICTS: "before-packets", SESSION_OBJECTS: "1" }),
      ...sessionProjects(1),
    ],
  },
});
