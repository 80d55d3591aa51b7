import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { useBench } from "./bench.ts";

const MEBIBYTE = 1024 * 1024;
const UPLOAD_DIRECTORIES = [{ path: "/files/" }];
const benches = {
  socket: useBench({ vars: { UPLOAD_DIRECTORIES, ORIGIN_CONNECTION: "socket" } }),
  fetch: useBench({ vars: { UPLOAD_DIRECTORIES, ORIGIN_CONNECTION: "fetch" } }),
};

/** As much as IIS says to a request that is too large. */
const ANSWER_BYTES = 932;
/** One after which a client comes again, so that the upload can be refused many times. */
const STATUS = 507;
const REFUSAL = refusalOf(STATUS);

function refusalOf(status: number): string {
  const head = `HTTP/1.1 ${status} Refused\r\nContent-Type: text/html\r\nConnection: close\r\n`;
  const length = ANSWER_BYTES - head.length - "Content-Length: 700\r\n\r\n".length;
  return `${head}Content-Length: ${length}\r\n\r\n${"x".repeat(length)}`;
}

/** Says its refusal, closes, and answers what still comes with a reset, so soon after (RFC 9112 section 9.6). */
async function refuse(socket: Socket, milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => socket.end(REFUSAL, () => resolve()));
  if (milliseconds > 0) await pause(milliseconds);
  socket.resetAndDestroy();
}

/** A refusal that comes early is told as what it is, however the connection ends (ruling 30). */
describe.each([
  { connection: "socket", mayMiss: 0 },
  // The runtime's client cannot wait for "100 Continue".
  { connection: "fetch", mayMiss: 2 },
] as const)(
  "An origin that answers, closes, and resets at once (by $connection)",
  ({ connection, mayMiss }) => {
    it.each([
      { mebibytes: 0.5, times: 20 },
      { mebibytes: 3, times: 30 },
      { mebibytes: 64, times: 5 },
    ])("is heard before a body of $mebibytes MiB", async ({ mebibytes, times }) => {
      const bench = benches[connection]();
      const upload = await bench.beginWhole(mebibytes * MEBIBYTE, { fragmentBytes: 8 * MEBIBYTE });
      try {
        let missed = 0;
        for (let turn = 0; turn < times; turn++) {
          bench.origin.fault = async ({ socket }) => refuse(socket, turn % 3);
          if ((await upload.close()).status !== STATUS) missed += 1;
        }
        expect(missed).toBeLessThanOrEqual(mayMiss);
      } finally {
        await bench.origin.recover();
      }
      expect((await upload.close()).status).toBe(200);
      expect((await bench.published(upload.destination))?.equals(upload.bytes)).toBe(true);
    });
  },
);

describe("A large body is announced (RFC 9110 10.1.1)", () => {
  it.each([
    { size: 64 * 1024, expects: false },
    { size: 64 * 1024 + 1, expects: true },
  ])("of $size bytes: $expects", async ({ size, expects }) => {
    const bench = benches.socket();
    const upload = await bench.beginWhole(size);
    const heads: string[] = [];
    bench.origin.fault = async ({ socket, head, deliver }) => {
      heads.push(head);
      socket.end(await deliver(), "latin1");
    };
    try {
      expect((await upload.close()).status).toBe(200);
    } finally {
      await bench.origin.recover();
    }
    expect(heads.map((head) => /^expect: 100-continue$/im.test(head))).toEqual([expects]);
  });

  it("and sent as soon as it is wanted, or after a while without a word", async () => {
    const bench = benches.socket();
    for (const says of ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.0 100 Continue\n\n", ""]) {
      const upload = await bench.beginWhole(3 * MEBIBYTE);
      bench.origin.fault = async ({ socket, deliver }) => {
        if (says !== "") socket.write(says);
        socket.end(await deliver(), "latin1");
      };
      try {
        expect((await upload.close()).status).toBe(200);
      } finally {
        await bench.origin.recover();
      }
      expect((await bench.published(upload.destination))?.equals(upload.bytes)).toBe(true);
    }
  });

  it("without a word of it where the origin does not know the expectation: 417 (RFC 9110 15.5.18)", async () => {
    const bench = benches.socket();
    const upload = await bench.beginWhole(3 * MEBIBYTE);
    const heads: string[] = [];
    bench.origin.fault = async ({ socket, head, deliver }) => {
      heads.push(head);
      if (heads.length === 1) socket.end("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
      else socket.end(await deliver(), "latin1");
    };
    try {
      expect((await upload.close()).status).toBe(200);
    } finally {
      await bench.origin.recover();
    }
    expect(heads.map((head) => /^expect:/im.test(head))).toEqual([true, false]);
  });

  it("and not sent at all to an origin that does not want it", async () => {
    const bench = benches.socket();
    const upload = await bench.beginWhole(3 * MEBIBYTE);
    let bodyBytes = 0;
    bench.origin.fault = async ({ socket, body }) => {
      socket.write(REFUSAL);
      try {
        for await (const { length } of body()) bodyBytes += length;
      } catch {
        // It was left.
      }
    };
    try {
      expect((await upload.close()).status).toBe(STATUS);
      await bench.origin.whenLeft();
      expect(bodyBytes).toBe(0);
    } finally {
      await bench.origin.recover();
    }
  });
});
