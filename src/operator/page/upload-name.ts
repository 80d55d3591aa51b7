import type { SessionSummary } from "../seat.ts";
import { readablePath } from "./visible.ts";

/** The name by which people know an upload, without tricks: its file's; its session's where none can be read. */
export function uploadName({
  destination,
  session,
}: Pick<SessionSummary, "destination" | "session">): string {
  return destination === null ? session : readablePath(destination).name || session;
}
