import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Three rooms: what is pure and what is black box run on Node, the session's own tests inside workerd. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "pure", include: ["test/protocol/**/*.test.ts", "test/origin/**/*.test.ts", "test/*.test.ts"] } },
      {
        test: {
          name: "ingress",
          include: ["test/ingress/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "black box",
          include: ["test/conformance/**/*.test.ts", "test/support/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./test/session/wrangler.toml" },
          }),
        ],
        test: { name: "session", include: ["test/session/**/*.test.ts"], testTimeout: 30_000 },
      },
    ],
  },
});
