import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { segments } from "../../large/small-segments.ts";
import { SIZES } from "../../large/small-sizes.ts";
import { eventually } from "../../support/eventually.ts";
import { Conversation, entityOf } from "../packets.ts";
import { expectNoStrayBytes, IS_SHARED, makeDue, setRecord } from "../stored-session.ts";
import {
  bytesIn,
  expectRemoved,
  FRAGMENT_BYTES,
  segmentOf,
  sendBytes,
  untilMoved,
  uploadLarge,
} from "./large-upload.ts";

const BYTES = 900_000;

afterEach(() => {
  segments.refuse = false;
});

test.each(["half", "whole"] as const)("Cancel-Session removes every segment of a %s upload", async (part) => {
  const upload = await Conversation.begin(`/uploads/cancelled-${part}.bin`);
  await sendBytes(upload, entityOf(BYTES), 0, part === "half" ? 8 * FRAGMENT_BYTES : BYTES);
  const moved = await untilMoved(upload, SIZES.segmentBytes);
  expect((await upload.cancel()).status).toBe(200);
  await expectRemoved(moved);
  await expectNoStrayBytes(upload);
});

test("if segments cannot be removed at once, the alarm of a later life removes them", async () => {
  const upload = await uploadLarge("/uploads/cancelled-later.bin", BYTES);
  const moved = await untilMoved(upload, SIZES.segmentBytes);
  segments.refuse = true;
  expect((await upload.cancel()).status).toBe(200);
  await evictDurableObject(upload.object);
  await runDurableObjectAlarm(upload.object);
  expect(await bytesIn(segmentOf(moved, 0))).toBe(SIZES.segmentBytes);
  segments.refuse = false;
  await evictDurableObject(upload.object);
  await runDurableObjectAlarm(upload.object);
  await expectRemoved(moved);
});

async function tablesOf({ object }: Conversation): Promise<unknown[]> {
  const tables = String.raw`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\_cf\_%' ESCAPE '\'`;
  return await runInDurableObject(object, (_, { storage: { sql } }) => sql.exec(tables).toArray());
}

test("the end of a session's time removes its segments, and then its object", async () => {
  const upload = await uploadLarge("/uploads/expires.bin", BYTES);
  const moved = await untilMoved(upload, SIZES.segmentBytes);
  // All that it has heard is long ago.
  await setRecord(upload, "json_set(record, '$.issuedAt', 0, '$.changedAt', 0)");
  await runInDurableObject(upload.object, (_, { storage }) =>
    storage.sql.exec("UPDATE fragments SET received_at = 0"),
  );
  await makeDue(upload);
  await evictDurableObject(upload.object);
  await runDurableObjectAlarm(upload.object);
  await expectRemoved(moved);
  if (IS_SHARED) return;
  await eventually(async () => expect(await tablesOf(upload)).toEqual([]));
});

test("a segment asks whether it is needed: it stays while it is, and removes itself when nobody knows it", async () => {
  const upload = await uploadLarge("/uploads/orphaned.bin", BYTES);
  const moved = await untilMoved(upload, SIZES.segmentBytes);
  const segment = segmentOf(moved, 0);
  await runDurableObjectAlarm(segment);
  expect(await bytesIn(segment)).toBe(SIZES.segmentBytes);
  // The session's object has lost everything that it knew.
  await runInDurableObject(upload.object, (_, { storage }) => storage.sql.exec("DELETE FROM moved"));
  await runDurableObjectAlarm(segment);
  expect(await bytesIn(segment)).toBe(0);
});
