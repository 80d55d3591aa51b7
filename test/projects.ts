import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import type { UserWorkspaceConfig } from "vitest/config";
import type { ProjectConfig } from "vitest/node";
import { temporaryFolder } from "./support/temporary-folder.ts";

process.env["TMPDIR"] ??= temporaryFolder();

/** How files are run, whichever projects they are of. */
export const RUN = {
  silent: "passed-only",
  // A file mostly waits, for programs that start and for clocks: more files than cores at once keep the cores busy.
  maxWorkers: Math.max(4, availableParallelism()),
  // A green run is one line a file.
  slowTestThreshold: 60_000,
} as const;

/** No test fails for being slow; this ends one that hangs, on the busiest of machines. */
export const PATIENCE = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 60_000 } } };

/** Files that leave nothing behind share processes: to start one costs more than many a file. */
export const SHARED = { isolate: false };

const SESSION = ["test/session/**/*.test.ts"];
/** Those that begin with what is stored in test/fixtures/records. */
const STORED_SESSIONS = ["test/session/{alarms,newer-record,records,unreadable-record}.test.ts"];
/** So does this one; what it hands over would be in the others' way, so it has an origin to itself. */
const DEEDS = ["test/session/deeds.test.ts"];
/** These have large uploads, of half a MiB and more. */
const LARGE = ["test/session/large/*.test.ts"];
const LARGE_SETUP = ["test/session/origin.setup.ts", "test/session/large/expected-errors.setup.ts"];
const STORED_SETUP = [
  "test/session/origin.setup.ts",
  "test/session/records.setup.ts",
  "test/session/expected-errors.setup.ts",
];

/**
 * The session's own tests, inside workerd, with the edge's classes at hand, in front of an origin on Node.
 *
 * @param sessionObjects SESSION_OBJECTS of the edge: 0 for an object for each session
 */
export function sessionProjects(sessionObjects: number): UserWorkspaceConfig[] {
  const inWorkerd = (
    project: ProjectConfig & { name: string },
    main = "./src/worker.ts",
  ): UserWorkspaceConfig => {
    const name = sessionObjects === 0 ? project.name : `${project.name}, in one object`;
    return { plugins: [sessionEdge(sessionObjects, main)], test: { ...PATIENCE, ...project, name } };
  };
  return [
    inWorkerd({
      name: "session",
      include: SESSION,
      exclude: [...STORED_SESSIONS, ...DEEDS, ...LARGE],
      globalSetup: ["test/session/origin.setup.ts"],
    }),
    inWorkerd({
      name: "stored sessions",
      include: STORED_SESSIONS,
      // They have the same sessions, and count what their one origin sees of them.
      fileParallelism: false,
      globalSetup: STORED_SETUP,
    }),
    inWorkerd(
      { name: "large uploads", include: LARGE, globalSetup: LARGE_SETUP },
      "./test/large/small-segments.ts",
    ),
    inWorkerd({ name: "deeds", include: DEEDS, globalSetup: STORED_SETUP }),
  ];
}

const sessionEdge = (sessionObjects: number, main: string) =>
  cloudflareTest(({ inject }) => ({
    main,
    miniflare: {
      compatibilityDate: "2026-10-20",
      durableObjects: {
        UPLOAD_SESSIONS: { className: "UploadSession", useSQLite: true },
        SESSION_COUNTERS: { className: "SessionCounter", useSQLite: true },
        SESSION_INDEX: { className: "SessionIndex", useSQLite: true },
        UPLOAD_SEGMENTS: { className: "UploadSegment", useSQLite: true },
      },
      ratelimits: {
        CREATE_SESSION_LIMIT: { namespace_id: "1001", simple: { limit: 100, period: 60 } },
      },
      bindings: {
        SESSION_KEY: "a key for tests, of 32 characters or more",
        ORIGIN_URL: inject<string>("originUrl"),
        SESSION_OBJECTS: sessionObjects,
        UPLOAD_DIRECTORIES: [
          { path: "/uploads/" },
          { path: "/short/", session_timeout_seconds: 1 },
          { path: "/limited/", maximum_sessions_per_client: 3 },
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
  }));
