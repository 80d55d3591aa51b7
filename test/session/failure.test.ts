import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { parseSessionId } from "../../src/protocol/session-id.ts";
import { relayFragment } from "../../src/middleware/relay-fragment.ts";
import { Conversation, entityOf } from "./packets.ts";
import { setRecord, stagedBytesAt } from "./stored-session.ts";
import { watchLog } from "./watch-log.ts";

const MEBIBYTE = 1024 * 1024;

test("an object that breaks is answered 503, and the log says whose packet met it", async () => {
  const upload = await Conversation.begin("/uploads/broken.bin?secret=1");
  await upload.fragment(entityOf(10), 0, 5);
  await setRecord(upload, "'no JSON'");
  await evictDurableObject(upload.object);
  const lines = watchLog(upload);
  const ack = await upload.send("Close-Session", { "CF-Connecting-IP": "192.0.2.7" });
  expect([ack.status, ack.headers.get("BITS-Error-Code")]).toEqual([503, "0x801901F7"]);
  expect(lines).toEqual([
    {
      at: expect.any(String),
      event: "failed",
      packet: "Close-Session",
      session: upload.id.replace(/[{}]/g, ""),
      directory: "/uploads/",
      destination: "/uploads/broken.bin",
      client: "192.0.2.7",
      error: expect.stringContaining("cannot be read"),
    },
  ]);
});

test("a Fragment with a digest whose body breaks off leaves no piece behind", async () => {
  const destination = "/uploads/torn.bin";
  const upload = await Conversation.begin(destination);
  const sessionId = parseSessionId(upload.id);
  if (sessionId === null) throw new Error("no session");
  const total = 2 * MEBIBYTE;
  const pieces = [entityOf(MEBIBYTE)];
  const body = new ReadableStream({
    type: "bytes",
    pull(controller: ReadableByteStreamController) {
      const piece = pieces.shift();
      if (piece === undefined) controller.error(new Error("the client has gone"));
      else controller.enqueue(piece);
    },
  });
  const headers = new Headers({ "Content-Digest": `sha-256=:${btoa("x".repeat(32))}:` });
  // Past the door, which would only hand on what its runtime makes of the error.
  const answer = await relayFragment(
    upload.object,
    {
      sessionId,
      issuedAt: Date.now(),
      destination,
      originalUrl: upload.url,
      clientAddress: null,
      expectedDigest: null,
    },
    { type: "Fragment", sessionId, range: { first: 0, last: total - 1, total }, contentLength: total },
    headers,
    body.getReader({ mode: "byob" }),
    true,
  );
  expect(answer).toBe("client-left");
  expect(await stagedBytesAt(upload)).toBe(0);
});
