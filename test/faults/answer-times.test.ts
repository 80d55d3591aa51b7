import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  type Connection,
  CONNECTIONS,
  DIRECTORIES,
  expectArrival,
  LOST,
  MEBIBYTE,
  SIZE,
  startBench,
  TAKEN,
  told,
} from "./connections.ts";

/** More than lies in the buffers between two programs: an origin that does not read does not have it. */
const LARGE = 32 * MEBIBYTE;

/**
 * The runtime's fetch stops sending when an answer is whole, so that the application cannot have the upload. By a
 * socket only an answer that refuses stops it (RFC 9112 section 9.5), and a success counts with the last byte.
 */
it.each(
  DIRECTORIES.flatMap((directory) => [
    { directory, connection: "socket" as const, first: TAKEN },
    { directory, connection: "fetch" as const, first: LOST },
  ]),
)(
  "An application that says 200 at once, and then reads and keeps the upload (by $connection, $directory)",
  async ({ directory, connection, first }) => {
    const bench = await startBench(connection);
    const { origin } = bench;
    const upload = await bench.beginWhole(LARGE, directory);
    const kept = Promise.withResolvers<boolean>();
    origin.fault = async ({ socket, deliver }) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      await deliver().then(
        () => kept.resolve(true),
        () => kept.resolve(false),
      );
      socket.destroy();
    };
    expect(await told(upload)).toEqual(first);
    expect(await kept.promise).toBe(first === TAKEN);
    origin.fault = null;
    for (let turn = 0; turn < 2; turn++) expect(await told(upload)).toEqual(TAKEN);
    expect((await bench.published(upload.destination))?.equals(upload.bytes)).toBe(true);
    const whole = bench.commitsOf(upload.destination).filter(({ state }) => state === "read");
    expect(whole).toHaveLength(1);
  },
);

it.each(CONNECTIONS.flatMap((connection) => DIRECTORIES.map((directory) => ({ connection, directory }))))(
  "An answer whose body has no end is taken by its head, and left (by $connection, $directory)",
  async ({ connection, directory }) => {
    const bench = await startBench(connection);
    const { origin } = bench;
    const upload = await bench.beginWhole(SIZE, directory);
    origin.fault = async ({ socket, deliver }) => {
      await deliver();
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on("drain", more);
      more();
    };
    // An edge that waited for its end would say 504 when the time for a Close-Session is over.
    expect(await told(upload)).toEqual(TAKEN);
    await origin.whenLeft();
    origin.fault = null;
    await expectArrival(upload);
  },
);

/** What the edge has said 200 to is on its way, to the last byte, however much of it lies in the buffers between two programs. */
it("An application that says 200 at once, and reads the upload when the client has its Ack (by socket)", async () => {
  const bench = await startBench("socket");
  // Sizes around the point from which an origin that does not read keeps the edge waiting.
  let [fits, waits] = [MEBIBYTE, 16 * MEBIBYTE];
  for (let trial = 0; trial < 24; trial++) {
    const size = (fits + waits) >> 1;
    const upload = await bench.beginWhole(size);
    const acked = Promise.withResolvers<boolean>();
    const received = Promise.withResolvers<Buffer>();
    bench.origin.fault = async ({ socket, body }) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      if (await Promise.race([acked.promise, pause(200, false)])) fits = size;
      else waits = size;
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of body()) chunks.push(chunk);
      } catch {
        // It broke off: what came is looked at below.
      }
      received.resolve(Buffer.concat(chunks));
    };
    expect(await told(upload)).toEqual(TAKEN);
    acked.resolve(true);
    expect((await received.promise).equals(upload.bytes), `${size} bytes`).toBe(true);
    if (waits - fits < 16 * 1024) [fits, waits] = [fits - 64 * 1024, waits + 64 * 1024];
  }
});

it("An upload is not lost to an answer that comes before it was read, and is long (by socket)", async () => {
  const bench = await startBench("socket");
  const upload = await bench.beginWhole(MEBIBYTE);
  const acked = Promise.withResolvers<void>();
  const answers: Promise<string>[] = [];
  bench.origin.fault = async ({ socket, deliver }) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${"x".repeat(200_000)}`);
    await acked.promise;
    answers.push(deliver());
  };
  expect(await told(upload)).toEqual(TAKEN);
  acked.resolve();
  await expect.poll(() => answers.length).toBe(1);
  expect((await answers[0])?.replace("HTTP/1.1 100 Continue\r\n\r\n", "")).toMatch(/^HTTP\/1.1 201 /);
  bench.origin.fault = null;
  await expectArrival(upload);
});

/** How an answer says where it ends (RFC 9112 section 6.3), and an answer of two parts. */
const FRAMINGS = [
  { framing: "its length", parts: ["Content-Length: 12\r\n\r\nfirst,", "second"] },
  {
    framing: "chunks",
    parts: ["Transfer-Encoding: chunked\r\n\r\n6\r\nfirst,\r\n", "6\r\nsecond\r\n0\r\n\r\n"],
  },
  { framing: "its connection", parts: ["Connection: close\r\n\r\nfirst,", "second"] },
] as const;

describe.each(CONNECTIONS)("By %s", (connection: Connection) => {
  it.each(FRAMINGS)(
    "an application that says 200 and takes its time for the rest is heard out, and no client waits (the end by $framing)",
    async ({ framing, parts: [first, second] }) => {
      const bench = await startBench(connection);
      const upload = await bench.beginWhole(SIZE);
      const acked = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<boolean>();
      bench.origin.fault = async ({ socket, deliver }) => {
        await deliver();
        let isLeft = false;
        for (const event of ["end", "close", "error"]) socket.on(event, () => (isLeft = true));
        socket.resume();
        socket.write(`HTTP/1.1 200 OK\r\n${first}`);
        await acked.promise;
        // Time to leave, if the edge is about to.
        for (let turn = 0; turn < 2; turn++) expect(await told(upload)).toEqual(TAKEN);
        ended.resolve(isLeft);
        socket.write(second);
        if (framing === "its connection" || connection === "fetch") socket.end();
      };
      expect(await told(upload)).toEqual(TAKEN);
      acked.resolve();
      expect(await ended.promise, "whether the edge had left").toBe(false);
      await bench.origin.whenLeft();
      bench.origin.fault = null;
      await expectArrival(upload);
    },
  );
});
