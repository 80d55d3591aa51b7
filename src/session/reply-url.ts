import type { Config, UploadDirectory } from "../config/config.ts";
import { formatSignedUrl } from "../signed/signed-url.ts";
import type { SessionRecord } from "../protocol/session-record.ts";

/** Where the client finds the application's reply, the same for every Ack; null where there is none. */
export async function replyUrlOf(
  { delivery, originalUrl, sessionId }: SessionRecord,
  directory: UploadDirectory | null,
  { publicUrl, sessionKeys: [key] }: Config,
): Promise<string | null> {
  const reply = delivery?.reply ?? null;
  if (delivery === null || reply === null || directory === null || key === undefined) return null;
  if (reply !== "stored") return reply.url;
  const base = publicUrl ?? new URL(originalUrl).origin;
  const expiresAt = delivery.at + directory.sessionTimeoutSeconds * 1000;
  return await formatSignedUrl("reply", base, directory, sessionId, expiresAt, key);
}
