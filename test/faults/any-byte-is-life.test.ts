import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { fetchUrl } from "../reply/support.ts";
import { useBench } from "./bench.ts";
import type { Fault } from "./faulty-origin.ts";

const MEBIBYTE = 1024 * 1024;
const SILENCE_SECONDS = 2;
const STEP_MS = 250;
/** All that it says takes longer than it may be silent. */
const STEPS = 12;
const IMPATIENT = { origin_timeout_seconds: SILENCE_SECONDS };
const NOTIFIED = { ...IMPATIENT, notification: "by-value", notification_url: "/receive.ashx" };
const UPLOAD_DIRECTORIES = [
  { path: "/files/", ...IMPATIENT },
  { path: "/notify/", ...NOTIFIED },
  { path: "/reply/", ...NOTIFIED, reply: true },
];
const benches = {
  socket: useBench({ vars: { UPLOAD_DIRECTORIES, ORIGIN_CONNECTION: "socket" } }),
  fetch: useBench({ vars: { UPLOAD_DIRECTORIES, ORIGIN_CONNECTION: "fetch" } }),
};

/** Does `step` again and again, for longer than the origin may be silent. */
async function dribble(step: () => void): Promise<void> {
  for (let turn = 0; turn < STEPS; turn++) {
    step();
    await pause(STEP_MS);
  }
}

/** `origin_timeout_seconds` limits silence: any byte, either way, is life. */
describe.each(["socket", "fetch"] as const)("An origin that is slow and not silent (by %s)", (connection) => {
  const own = benches[connection];

  /** Uploads, meets the fault, and comes back as a client does until it has its answer; the origin is told once. */
  async function expectOnce(directory: string, size: number, fault: Fault): Promise<string | undefined> {
    const bench = own();
    const upload = await bench.begin(size, directory);
    let met = 0;
    bench.origin.fault = async (commit) => {
      met += 1;
      await fault(commit);
    };
    try {
      // A directory with a reply commits with the last Fragment, the others with Close-Session.
      let replyUrl = (await upload.send()).replyUrl;
      for (let turn = 0; turn < 40; turn++) {
        const ack = directory === "/reply/" ? await upload.send() : await upload.close();
        replyUrl ??= ack.replyUrl;
        if (ack.status === 200) break;
        // The attempt goes on; who asks meanwhile waits for as long as the origin may be silent.
        expect([ack.status, ack.errorCode]).toEqual([504, 0x80072ee2]);
      }
      // Close-Session ends a reply.
      const reply = replyUrl === undefined ? undefined : (await fetchUrl(replyUrl)).body.toString();
      expect((await upload.close()).status).toBe(200);
      expect(met).toBe(1);
      expect((await bench.published(upload.destination))?.equals(upload.bytes)).toBe(true);
      return reply;
    } finally {
      await bench.origin.recover();
    }
  }

  it("gives a reply by value byte by byte", async () => {
    const reply = await expectOnce("/reply/", 1000, async ({ socket, deliver }) => {
      await deliver();
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${STEPS}\r\n\r\n`);
      await dribble(() => socket.write("r"));
      socket.end();
    });
    expect(reply).toBe("r".repeat(STEPS));
  });

  // The runtime's client keeps interim answers to itself.
  it.runIf(connection === "socket")("says 102 Processing again and again", async () => {
    await expectOnce("/notify/", 1000, async ({ socket, deliver }) => {
      const answer = await deliver();
      await dribble(() => socket.write("HTTP/1.1 102 Processing\r\n\r\n"));
      socket.end(answer, "latin1");
    });
  });

  it("takes 256 KiB a second", async () => {
    await expectOnce("/files/", 2 * MEBIBYTE, async ({ socket, body, deliver }) => {
      async function* slowly(): AsyncGenerator<Buffer> {
        for await (const chunk of body()) {
          await pause((chunk.length / (256 * 1024)) * 1000);
          yield chunk;
        }
      }
      socket.end(await deliver(slowly()), "latin1");
    });
  });
});
