import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { commitsOf, Conversation, digestFieldOf, entityOf, storedAt } from "./packets.ts";
import { expectGone, storedOf } from "./stored-session.ts";

const offsetOf = ({ headers }: Response) => headers.get("BITS-Received-Content-Range");

/** What Cancel-Session comes to where the disk has no room for a tombstone; the object lives on. */
async function erase(upload: Conversation): Promise<void> {
  const { record } = await storedOf(upload);
  if (record === null) throw new Error("nothing is stored");
  await runInDurableObject(upload.object, (session) => session.erase(record));
}

test("a session whose storage was removed can begin again, and its digest is that of the new bytes", async () => {
  const upload = await Conversation.begin("/uploads/again.bin");
  const [former, entity] = [entityOf(20).toReversed(), entityOf(20)];
  expect(offsetOf(await upload.fragment(former, 0, 8))).toBe("8");
  await erase(upload);
  await expectGone(upload);
  // As long as the piece before, so that the next one seems to follow that.
  const announced = { "Repr-Digest": await digestFieldOf(entity), "Content-Range": "bytes 0-7/20" };
  expect(offsetOf(await upload.send("Fragment", announced, entity.slice(0, 8)))).toBe("8");
  expect(offsetOf(await upload.fragment(entity, 8))).toBe("20");
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt("/uploads/again.bin")).toEqual(entity);
  expect(await commitsOf("/uploads/again.bin")).toHaveLength(1);
});

test("… and takes Fragments with a digest of their own", async () => {
  const upload = await Conversation.begin("/uploads/checked-again.bin");
  const entity = entityOf(20);
  const checked = { "Content-Digest": await digestFieldOf(entity), "Content-Range": "bytes 0-19/20" };
  expect(offsetOf(await upload.send("Fragment", checked, entity))).toBe("20");
  await erase(upload);
  expect(offsetOf(await upload.send("Fragment", checked, entity))).toBe("20");
  expect((await upload.close()).status).toBe(200);
  expect(await storedAt("/uploads/checked-again.bin")).toEqual(entity);
});
