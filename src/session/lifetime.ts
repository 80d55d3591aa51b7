import type { UploadDirectory } from "../config/config.ts";
import type { SessionRecord } from "../protocol/session-record.ts";

/** For sessions whose directory has left the configuration. */
export const DEFAULT_TIMEOUT_SECONDS = 1_209_600;

/** How long a session of this directory lives after its last packet; null if no directory serves it any more. */
export function timeoutMsIn(directory: UploadDirectory | null): number {
  return (directory?.sessionTimeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
}

/**
 * When everything of a session is removed (ruling 23, session timeout), milliseconds since 1970.
 *
 * @param heardAt when its last byte or packet came, as far as anybody knows
 */
export function endOf(
  { issuedAt, changedAt }: Pick<SessionRecord, "issuedAt" | "changedAt">,
  heardAt: number,
  directory: UploadDirectory | null,
): number {
  return Math.max(issuedAt, changedAt, heardAt) + timeoutMsIn(directory);
}
