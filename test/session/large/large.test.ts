import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { parseSessionId } from "../../../src/protocol/session-id.ts";
import { segments } from "../../large/small-segments.ts";
import { SIZES } from "../../large/small-sizes.ts";
import { commitsOf, Conversation, entityOf, storedAt } from "../packets.ts";
import { expectNoStrayBytes, storedOf } from "../stored-session.ts";
import {
  bytesIn,
  expectRemoved,
  FRAGMENT_BYTES,
  movedOf,
  segmentOf,
  sendBytes,
  sendFragment,
  untilMoved,
  uploadLarge,
} from "./large-upload.ts";

/** It has moved to three segments but for its end, and no edge of a segment is one of a row. */
const BYTES = 900_000;

afterEach(() => {
  segments.refuse = false;
});

test("an upload that fits in its session's object stays there", async () => {
  const upload = await uploadLarge("/uploads/fits.bin", SIZES.mostBytes);
  expect(await movedOf(upload)).toBeNull();
  expect((await upload.close()).status).toBe(200);
});

test("a larger one moves to segments in order, but for its end, and is committed whole", async () => {
  const upload = await uploadLarge("/uploads/moves.bin", BYTES);
  const moved = await untilMoved(upload, 2 * SIZES.segmentBytes);
  expect((await storedOf(upload)).length).toBe(BYTES - moved.bytes);
  expect(await bytesIn(segmentOf(moved, 0))).toBe(SIZES.segmentBytes);
  expect(await bytesIn(segmentOf(moved, 1))).toBe(SIZES.segmentBytes);
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt("/uploads/moves.bin")).toEqual(entityOf(BYTES));
  await expectRemoved(moved);
  await expectNoStrayBytes(upload);
});

test.each(["/notify/", "/reply/"])("so is one that is told to %s", async (directory) => {
  const destination = `${directory}told.bin?copy=1`;
  const upload = await uploadLarge(destination, BYTES);
  expect((await upload.close()).status).toBe(200);
  expect((await commitsOf(destination)).map(({ bytes }) => bytes)).toEqual([BYTES, BYTES]);
});

test("it is resumed at the edge of a segment, by another life of the object, which computes the digest again", async () => {
  const destination = "/uploads/resumed.bin";
  const upload = await Conversation.begin(destination);
  const entity = entityOf(BYTES);
  const edge = Math.ceil(SIZES.segmentBytes / FRAGMENT_BYTES) * FRAGMENT_BYTES;
  for (let first = 0; first < BYTES; first += edge) {
    await sendBytes(upload, entity, first, Math.min(BYTES, first + edge));
    await evictDurableObject(upload.object);
  }
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt(destination)).toEqual(entity);
});

test("what a life that died has sent to a segment, and has not recorded, is skipped there", async () => {
  const destination = "/uploads/sent-before.bin";
  const upload = await Conversation.begin(destination);
  const entity = entityOf(BYTES);
  await sendBytes(upload, entity, 0, 10 * FRAGMENT_BYTES);
  const moved = await untilMoved(upload, SIZES.segmentBytes);
  const index = Math.floor(moved.bytes / SIZES.segmentBytes);
  const session = parseSessionId(upload.id);
  if (session === null) throw new Error("no session");
  const ahead = entity.slice(moved.bytes, moved.bytes + 100_000);
  const offset = moved.bytes - index * SIZES.segmentBytes;
  await segmentOf(moved, index).append({ session, name: moved.name }, offset, [ahead]);
  await sendBytes(upload, entity, 10 * FRAGMENT_BYTES);
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt(destination)).toEqual(entity);
});

test("if segments take nothing, a Fragment is refused as by a full disk, and nothing is lost", async () => {
  const destination = "/uploads/waits.bin";
  const upload = await Conversation.begin(destination);
  const entity = entityOf(BYTES);
  segments.refuse = true;
  const fits = Math.floor(SIZES.mostBytes / FRAGMENT_BYTES) * FRAGMENT_BYTES;
  await sendBytes(upload, entity, 0, fits);
  const refused = await upload.fragment(entity, fits, fits + FRAGMENT_BYTES);
  expect([
    refused.status,
    refused.headers.get("BITS-Error-Code"),
    refused.headers.get("BITS-Error-Context"),
    refused.headers.get("BITS-Received-Content-Range"),
  ]).toEqual([500, "0x80070070", "0x5", String(fits)]);
  segments.refuse = false;
  await evictDurableObject(upload.object); // a mover that has failed rests for ten seconds
  await sendBytes(upload, entity, fits);
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt(destination)).toEqual(entity);
});

test("if a segment does not answer at the commit, Close-Session says that the edge is at fault; the next one commits", async () => {
  const destination = "/uploads/unanswered.bin";
  const upload = await uploadLarge(destination, BYTES);
  await untilMoved(upload, SIZES.segmentBytes);
  segments.refuse = true;
  const refused = await upload.close();
  expect([refused.status, refused.headers.get("BITS-Error-Context")]).toEqual([502, "0x5"]);
  expect((await storedOf(upload)).record?.state).toBe("failed");
  segments.refuse = false;
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt(destination)).toEqual(entityOf(BYTES));
});

test("the same where the runtime's own client carries the upload", async () => {
  const destination = "/reply/unanswered.bin?reply=done";
  const upload = await Conversation.begin(destination);
  const entity = entityOf(BYTES);
  await sendBytes(upload, entity, 0, 14 * FRAGMENT_BYTES);
  await untilMoved(upload, SIZES.segmentBytes);
  segments.refuse = true;
  const refused = await upload.fragment(entity, 14 * FRAGMENT_BYTES);
  expect([refused.status, refused.headers.get("BITS-Error-Context")]).toEqual([502, "0x5"]);
  segments.refuse = false;
  expect((await upload.close()).status).toBe(200);
  expect((await commitsOf(destination)).at(-1)?.bytes).toBe(BYTES);
});

test("a segment that has lost bytes never makes a commit that is whole", async () => {
  const destination = "/uploads/lost.bin";
  const upload = await uploadLarge(destination, BYTES);
  const moved = await untilMoved(upload, SIZES.segmentBytes);
  await runInDurableObject(segmentOf(moved, 0), async (_, { storage }) => await storage.deleteAll());
  await evictDurableObject(segmentOf(moved, 0));
  const refused = await upload.close();
  expect([refused.status, refused.headers.get("BITS-Error-Context")]).toEqual([502, "0x5"]);
});

test("a reply stays in the session's object, and is no larger than that takes", async () => {
  const upload = await Conversation.begin(`/reply/long.bin?long=${SIZES.mostBytes + 1}`);
  const ack = await upload.fragment(entityOf(100));
  expect([ack.status, ack.headers.get("BITS-Error-Code")]).toEqual([403, "0x800700DF"]);
});

test("an operator's view has the whole offset", async () => {
  const upload = await Conversation.begin("/uploads/seen.bin");
  const entity = entityOf(BYTES);
  await sendBytes(upload, entity, 0, 10 * FRAGMENT_BYTES);
  await untilMoved(upload, SIZES.segmentBytes);
  const session = parseSessionId(upload.id);
  if (session === null) throw new Error("no session");
  await sendFragment(upload, entity, 10 * FRAGMENT_BYTES);
  expect(await upload.object.describe(session)).toMatchObject({
    offset: 11 * FRAGMENT_BYTES,
    total: BYTES,
    state: "receiving",
  });
});
