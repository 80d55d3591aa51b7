import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig, type UserWorkspaceConfig } from "vitest/config";
import type { ProjectConfig } from "vitest/node";
import { temporaryFolder } from "./test/support/temporary-folder.ts";

process.env["TMPDIR"] ??= temporaryFolder();

/** A test file mostly waits: for programs that start, for clocks. More files than cores at once keep the cores busy. */
const WORKERS = Math.max(4, availableParallelism());

/** No test fails for being slow; this ends one that hangs, on the busiest of machines. */
const PATIENCE = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 60_000 } } };

/** Files of the black box share processes: to start one costs more than many a file, and none leaves anything behind. */
const SHARED = { isolate: false };

/** Rooms whose tests need no edge, and those that have a project of their own. */
const PURE = [
  "test/{protocol,http1,origin,runtime,config,middleware,signed,tools,kill,docs,simulation}/**/*.test.ts",
  "test/operator/page/**/*.test.ts",
];
const INGRESS = ["test/ingress/**/*.test.ts"];
const SESSION = ["test/session/**/*.test.ts"];
/** Those that begin with what is stored in test/fixtures/records. */
const STORED_SESSIONS = ["test/session/{alarms,newer-record,records,unreadable-record}.test.ts"];
/** So does this one; what it hands over would be in the others' way, so it has an origin to itself. */
const DEEDS = ["test/session/deeds.test.ts"];
const STORED_SETUP = [
  "test/session/origin.setup.ts",
  "test/session/records.setup.ts",
  "test/session/expected-errors.setup.ts",
];
const PEERS = ["test/{peers,package,long}/**"];

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
      globalSetup: ["test/support/bundle.setup.ts"],
      ...SHARED,
      ...PATIENCE,
    },
  };
}

/**
 * A project inside workerd, with the edge's classes at hand, in front of an origin on Node; once with an object for each
 * session, and once with all sessions in one object.
 */
function inWorkerd(project: ProjectConfig & { name: string }): UserWorkspaceConfig[] {
  const test = { ...PATIENCE, ...project };
  return [
    { plugins: [sessionEdge(0)], test },
    { plugins: [sessionEdge(1)], test: { ...test, name: `${project.name}, in one object` } },
  ];
}

const sessionEdge = (sessionObjects: number) =>
  cloudflareTest(({ inject }) => ({
    main: "./src/worker.ts",
    miniflare: {
      compatibilityDate: "2026-10-20",
      durableObjects: {
        UPLOAD_SESSIONS: { className: "UploadSession", useSQLite: true },
        SESSION_COUNTERS: { className: "SessionCounter", useSQLite: true },
        SESSION_INDEX: { className: "SessionIndex", useSQLite: true },
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

/**
 * Three rooms: what is pure and what is black box run on Node, the session's own tests inside workerd. The black box
 * is opened three times: with the edge as it is, and with those whose objects are aborted, or evicted, before every packet.
 * The evicted one is an object that all sessions share. SESSION_OBJECTS=4 in the environment has the others do so too.
 */
export default defineConfig({
  test: {
    silent: "passed-only",
    maxWorkers: WORKERS,
    // A green run is one line a file.
    slowTestThreshold: 60_000,
    projects: [
      {
        test: {
          name: "pure",
          include: PURE,
          ...PATIENCE,
        },
      },
      {
        test: {
          name: "ingress",
          include: INGRESS,
          ...PATIENCE,
        },
      },
      {
        test: {
          name: "black box",
          // All others, so that no file in a new room is forgotten.
          include: ["test/**/*.test.ts"],
          exclude: [...PURE, ...INGRESS, ...SESSION, ...PEERS],
          globalSetup: ["test/support/bundle.setup.ts"],
          ...SHARED,
          ...PATIENCE,
        },
      },
      withShortLives("aborted", { ABORTS: "before-packets" }),
      withShortLives("evicted, with all sessions in one", { EVICTS: "before-packets", SESSION_OBJECTS: "1" }),
      ...inWorkerd({
        name: "session",
        include: SESSION,
        exclude: [...STORED_SESSIONS, ...DEEDS],
        globalSetup: ["test/session/origin.setup.ts"],
      }),
      ...inWorkerd({
        name: "stored sessions",
        include: STORED_SESSIONS,
        // They have the same sessions, and count what their one origin sees of them.
        fileParallelism: false,
        globalSetup: STORED_SETUP,
      }),
      ...inWorkerd({ name: "deeds", include: DEEDS, globalSetup: STORED_SETUP }),
    ],
  },
});
