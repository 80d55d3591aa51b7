import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, onTestFinished, test, vi } from "vitest";
import { Conversation, entityOf } from "./packets.ts";

/** The lines that the edge writes from now on. */
function watchLog(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line: string) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  onTestFinished(() => spy.mockRestore());
  return lines;
}

test("an object that breaks is answered 503, and the log says whose packet met it", async () => {
  const upload = await Conversation.begin("/uploads/broken.bin?secret=1");
  await upload.fragment(entityOf(10), 0, 5);
  await runInDurableObject(upload.object, (_, { storage }) => {
    storage.sql.exec("UPDATE session SET record = 'no JSON'");
  });
  await evictDurableObject(upload.object);
  const lines = watchLog();
  const ack = await upload.send("Close-Session", { "CF-Connecting-IP": "192.0.2.7" });
  expect([ack.status, ack.headers.get("BITS-Error-Code")]).toEqual([503, "0x801901F7"]);
  expect(lines).toEqual([
    {
      at: expect.any(String),
      event: "failed",
      packet: "Close-Session",
      session: upload.id.replace(/[{}]/g, ""),
      destination: "/uploads/broken.bin",
      client: "192.0.2.7",
      error: expect.stringContaining("JSON"),
    },
  ]);
});
