import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { useBench } from "./bench.ts";

const MEBIBYTE = 1024 * 1024;
const NOTIFIED = { notification: "by-value", notification_url: "/receive.ashx" };
const UPLOAD_DIRECTORIES = [
  { path: "/files/" },
  { path: "/notify/", ...NOTIFIED },
  { path: "/hold/", ...NOTIFIED, unknown_outcome: "hold" },
];
const benches = {
  socket: useBench({ vars: { UPLOAD_DIRECTORIES, ORIGIN_CONNECTION: "socket" } }),
  fetch: useBench({ vars: { UPLOAD_DIRECTORIES, ORIGIN_CONNECTION: "fetch" } }),
};

/** After it a client comes again, so that one upload can be refused many times. */
const REFUSAL = "HTTP/1.1 507 Refused\r\nContent-Length: 0\r\n\r\n";

async function read(body: AsyncIterable<Buffer>, bytes: number): Promise<void> {
  let left = bytes;
  for await (const { length } of body) if ((left -= length) <= 0) return;
}

/** Says it, closes, and answers what still comes with a reset, so soon after. */
async function refuse(socket: Socket, milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => socket.end(REFUSAL, () => resolve()));
  if (milliseconds > 0) await pause(milliseconds);
  socket.resetAndDestroy();
}

/** The reset may overtake the refusal; the second request, which is slower there, hears it (ruling 30, an early answer is heard). */
describe("An origin that refuses in the middle of a body is heard", () => {
  it.each([
    { connection: "socket", mebibytes: 3, after: 1, times: 10 },
    { connection: "socket", mebibytes: 24, after: 14.5, times: 4 },
    { connection: "fetch", mebibytes: 3, after: 1, times: 5 },
  ] as const)(
    "of $mebibytes MiB, after $after, by $connection",
    async ({ connection, mebibytes, after, times }) => {
      const bench = benches[connection]();
      const upload = await bench.beginWhole(mebibytes * MEBIBYTE, { fragmentBytes: 8 * MEBIBYTE });
      let missed = 0;
      try {
        for (let turn = 0; turn < times; turn++) {
          bench.origin.fault = async ({ socket, body }) => {
            await read(body(), after * MEBIBYTE).catch(() => undefined);
            await refuse(socket, turn % 3);
          };
          if ((await upload.close()).status !== 507) missed += 1;
        }
      } finally {
        await bench.origin.recover();
      }
      expect(missed).toBeLessThanOrEqual(1);
      expect((await upload.close()).status).toBe(200);
      expect((await bench.published(upload.destination))?.equals(upload.bytes)).toBe(true);
    },
  );
});

describe("A connection that breaks in the middle of a body", () => {
  it.each([
    ["/files/", 2],
    ["/notify/", 2],
    // Nobody who must not be told twice is asked twice.
    ["/hold/", 1],
  ])("is tried again at once, where the upload may be sent again: %s, %d", async (directory, requests) => {
    const bench = benches.socket();
    const upload = await bench.beginWhole(3 * MEBIBYTE, { directory });
    let seen = 0;
    bench.origin.fault = async ({ socket, body }) => {
      seen += 1;
      await read(body(), MEBIBYTE).catch(() => undefined);
      socket.resetAndDestroy();
    };
    try {
      expect((await upload.close()).status).toBe(directory === "/hold/" ? 503 : 502);
    } finally {
      await bench.origin.recover();
    }
    expect(seen).toBe(requests);
  });

  it("and a beginning that the first has left is not somebody else's file to the second", async () => {
    const bench = benches.socket();
    const upload = await bench.beginWhole(3 * MEBIBYTE);
    let seen = 0;
    bench.origin.fault = async ({ socket, body }) => {
      seen += 1;
      await read(body(), MEBIBYTE).catch(() => undefined);
      if (seen === 1) socket.resetAndDestroy();
      else socket.end("HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n");
    };
    try {
      expect((await upload.close()).status).toBe(502);
      expect(seen).toBe(2);
    } finally {
      await bench.origin.recover();
    }
    expect((await upload.close()).status).toBe(200);
    expect((await bench.published(upload.destination))?.equals(upload.bytes)).toBe(true);
  });
});
