import type { UploadDirectory } from "../config/config.ts";
import type { SessionRecord } from "../protocol/session-record.ts";
import type { SessionWorld } from "./session-world.ts";

/** Where the client finds the application's reply, the same for every Ack; null if there is none. */
export async function replyUrlOf(
  { delivery, originalUrl, sessionId }: SessionRecord,
  directory: UploadDirectory | null,
  world: SessionWorld,
): Promise<string | null> {
  const {
    publicUrl,
    sessionKeys: [key],
  } = world.config();
  const reply = delivery?.reply ?? null;
  if (delivery === null || reply === null || directory === null || key === undefined) return null;
  if (reply !== "stored") return reply.url;
  const base = publicUrl ?? new URL(originalUrl).origin;
  const expiresAt = delivery.at + directory.sessionTimeoutSeconds * 1000;
  return await world.signUrl("reply", base, directory, sessionId, expiresAt, key);
}

/** Where an application that is notified by reference fetches the entity and leaves its reply, for as long as the session may live. */
export async function signedUrlsOf(
  { originalUrl, sessionId }: SessionRecord,
  directory: UploadDirectory,
  world: SessionWorld,
): Promise<{ readonly entity: string; readonly reply: string }> {
  if (directory.notification !== "by-reference") return { entity: "", reply: "" };
  const {
    publicUrl,
    sessionKeys: [key = ""],
  } = world.config();
  const base = publicUrl ?? new URL(originalUrl).origin;
  const expiresAt = world.now() + directory.sessionTimeoutSeconds * 1000;
  return {
    entity: await world.signUrl("entity", base, directory, sessionId, expiresAt, key),
    reply: await world.signUrl("new-reply", base, directory, sessionId, expiresAt, key),
  };
}
