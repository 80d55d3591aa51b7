import { defineConfig } from "vitest/config";

/** What takes longer than anybody waits for every day: `npm run test:long`, before a release. */
export default defineConfig({
  test: {
    include: ["test/long/**/*.test.ts"],
    globalSetup: ["test/support/bundle.setup.ts"],
    silent: "passed-only",
    testTimeout: 3_600_000,
    hookTimeout: 180_000,
  },
});
