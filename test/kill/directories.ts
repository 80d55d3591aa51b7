import type { Directory } from "./plan.ts";

/** Longer than a round by far; so that what is over leaves the disk while the run goes on. */
const SESSION_TIMEOUT_SECONDS = 120;

const BY_HABIT = [
  { path: "/files/" },
  { path: "/in-place/" },
  { path: "/overwrite/", allow_overwrites: true },
  { path: "/brief/", allow_overwrites: true, session_timeout_seconds: 2 },
  { path: "/keyed/", notification: "by-value", notification_url: "/receive.ashx" },
  { path: "/forgetful/", notification: "by-value", notification_url: "/receive.ashx" },
  { path: "/early/", commit_on: "last-fragment" },
  { path: "/reply/", notification: "by-value", notification_url: "/receive.ashx", reply: true },
  { path: "/referred/", notification: "by-reference", notification_url: "/receive.ashx" },
  { path: "/referred-reply/", notification: "by-reference", notification_url: "/receive.ashx", reply: true },
  { path: "/copied/", notification: "by-value", notification_url: "/receive.ashx" },
  { path: "/copied-late/", notification: "by-value", notification_url: "/receive.ashx", reply: true },
  {
    path: "/hold/",
    notification: "by-value",
    notification_url: "/receive.ashx",
    unknown_outcome: "hold",
  },
] as const satisfies readonly { path: Directory; [setting: string]: unknown }[];

/** A directory for each habit of an application, as `UPLOAD_DIRECTORIES` has them. */
export const KILL_DIRECTORIES = BY_HABIT.map((settings) =>
  Object.assign({ session_timeout_seconds: SESSION_TIMEOUT_SECONDS }, settings),
);
