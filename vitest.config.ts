import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import type { ProjectConfig } from "vitest/node";

/** The black box again, with the edge whose objects are ended before every packet; `env` tells the tests which one. */
function withShortLives(how: string, env: Record<string, string>): { test: ProjectConfig } {
  return {
    test: {
      name: `black box, objects ${how}`,
      include: [
        "test/conformance/**/*.test.ts",
        "test/reply/**/*.test.ts",
        "test/conformance-model/**/*.test.ts",
      ],
      // Pass-through reaches no object, and admission is decided before there is one: its tests wait 15 s for that, once.
      exclude: ["test/conformance/pass-through.test.ts", "test/reply/admission.test.ts"],
      env,
      setupFiles: ["test/lives/exceptions.ts"],
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  };
}

/**
 * Three rooms: what is pure and what is black box run on Node, the session's own tests inside workerd. The black box
 * is opened three times: with the edge as it is, and with those whose objects are aborted, or evicted, before every packet.
 */
export default defineConfig({
  test: {
    silent: "passed-only",
    projects: [
      {
        test: {
          name: "pure",
          include: ["test/{protocol,http1,origin,runtime,config,middleware,tools,kill,docs}/**/*.test.ts"],
        },
      },
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
          include: [
            "test/conformance/**/*.test.ts",
            "test/support/**/*.test.ts",
            "test/examples/**/*.test.ts",
            "test/reply/**/*.test.ts",
            "test/proxy/**/*.test.ts",
            "test/faults/**/*.test.ts",
            "test/deploy/**/*.test.ts",
            "test/lives/**/*.test.ts",
            "test/conformance-model/**/*.test.ts",
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      withShortLives("aborted", { ABORTS: "before-packets" }),
      withShortLives("evicted", { EVICTS: "before-packets" }),
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            main: "./src/worker.ts",
            miniflare: {
              compatibilityDate: "2026-10-20",
              durableObjects: {
                UPLOAD_SESSIONS: { className: "UploadSession", useSQLite: true },
                SESSION_COUNTERS: { className: "SessionCounter", useSQLite: true },
              },
              ratelimits: {
                CREATE_SESSION_LIMIT: { namespace_id: "1001", simple: { limit: 100, period: 60 } },
              },
              bindings: {
                SESSION_KEY: "a key for tests, of 32 characters or more",
                ORIGIN_URL: inject<string>("originUrl"),
                UPLOAD_DIRECTORIES: [
                  { path: "/uploads/" },
                  { path: "/short/", session_timeout_seconds: 1 },
                  { path: "/notify/", notification: "by-value", notification_url: "/receive.ashx" },
                  {
                    path: "/at-once/",
                    notification: "by-value",
                    notification_url: "/receive.ashx",
                    commit_on: "last-fragment",
                  },
                  {
                    path: "/reply/",
                    notification: "by-value",
                    notification_url: "/receive.ashx",
                    reply: true,
                  },
                  {
                    path: "/hold/",
                    notification: "by-value",
                    notification_url: "/receive.ashx",
                    unknown_outcome: "hold",
                  },
                ],
              },
            },
          })),
        ],
        test: {
          name: "session",
          // Several files have the sessions of test/fixtures/records, and count what the origin sees of them.
          fileParallelism: false,
          include: ["test/session/**/*.test.ts"],
          globalSetup: ["test/session/origin.setup.ts", "test/session/records.setup.ts"],
          testTimeout: 30_000,
        },
      },
    ],
  },
});
