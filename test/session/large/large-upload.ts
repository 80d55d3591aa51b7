import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { segmentNameOf } from "../../../src/session/segment-calls.ts";
import type { Moved } from "../../../src/session/moved-table.ts";
import type { UploadSegment } from "../../../src/session/upload-segment.ts";
import { eventually } from "../../support/eventually.ts";
import { Conversation, entityOf, nameOf } from "../packets.ts";

/** Rows of this length end in the middle of segments' edges. */
export const FRAGMENT_BYTES = 60_000;

/** Sends a Fragment; while what is here has to move first, it is sent again. */
export async function sendFragment(
  upload: Conversation,
  entity: Uint8Array<ArrayBuffer>,
  first: number,
): Promise<void> {
  const end = Math.min(first + FRAGMENT_BYTES, entity.length);
  await eventually(async () => {
    const ack = await upload.fragment(entity, first, end);
    expect([ack.status, ack.headers.get("BITS-Received-Content-Range")]).toEqual([200, String(end)]);
  });
}

/** An upload of so many bytes, of which those from `first` up to `end` are sent. */
export async function sendBytes(
  upload: Conversation,
  entity: Uint8Array<ArrayBuffer>,
  first = 0,
  end = entity.length,
): Promise<void> {
  for (let at = first; at < end; at += FRAGMENT_BYTES) await sendFragment(upload, entity, at);
}

/** A session whose upload is all there. */
export async function uploadLarge(destination: string, bytes: number): Promise<Conversation> {
  const upload = await Conversation.begin(destination);
  await sendBytes(upload, entityOf(bytes));
  return upload;
}

/** What is stored of the session's segments. */
export async function movedOf(upload: Conversation): Promise<Moved | null> {
  return await runInDurableObject(upload.object, (_, { storage: { sql } }) => {
    if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'moved'").toArray().length === 0) return null;
    const [row] = sql
      .exec<{ name: string; bytes: number; segment_bytes: number }>(
        "SELECT name, bytes, segment_bytes FROM moved WHERE key = (SELECT key FROM sessions WHERE id = ?)",
        nameOf(upload),
      )
      .toArray();
    return row === undefined ? null : { name: row.name, bytes: row.bytes, segmentBytes: row.segment_bytes };
  });
}

/** Waits until so much has moved at least. */
export async function untilMoved(upload: Conversation, bytes: number): Promise<Moved> {
  return await eventually(async () => {
    const moved = await movedOf(upload);
    expect(moved?.bytes ?? 0).toBeGreaterThanOrEqual(bytes);
    if (moved === null) throw new Error("nothing has moved");
    return moved;
  });
}

export function segmentOf({ name }: Moved, index: number): DurableObjectStub<UploadSegment> {
  if (env.UPLOAD_SEGMENTS === undefined) throw new Error("UPLOAD_SEGMENTS is not bound");
  return env.UPLOAD_SEGMENTS.getByName(segmentNameOf(name, index));
}

/** How many bytes a segment stores. */
export async function bytesIn(segment: DurableObjectStub<UploadSegment>): Promise<number> {
  return await runInDurableObject(segment, (_, { storage: { sql } }) => {
    if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'fragments'").toArray().length === 0) return 0;
    return sql.exec<{ n: number | null }>("SELECT sum(length(bytes)) AS n FROM fragments").one().n ?? 0;
  });
}

/** Every segment is empty, and nobody wants to be woken. */
export async function expectRemoved(moved: Moved): Promise<void> {
  for (let index = 0; index <= Math.floor(moved.bytes / moved.segmentBytes) + 1; index++) {
    const segment = segmentOf(moved, index);
    await eventually(async () => expect(await bytesIn(segment)).toBe(0));
    const alarm = await runInDurableObject(segment, async (_, { storage }) => await storage.getAlarm());
    expect(alarm).toBeNull();
  }
}
