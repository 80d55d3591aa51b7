import { defineConfig } from "vitest/config";

/** The shipped gateway files in the real nginx and HAProxy: `npm run test:peers`. */
export default defineConfig({
  test: {
    include: ["test/peers/**/*.test.ts"],
    globalSetup: ["test/peers/installed.ts"],
    silent: "passed-only",
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Each file starts two gateways and an edge of its own.
    maxWorkers: 2,
  },
});
