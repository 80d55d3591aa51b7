import { createConnection } from "node:net";
import { expect, test } from "vitest";
import type { RawConnection } from "../support/raw-connection.ts";
import { startDoor } from "./support/start-door.ts";
import { eventually } from "../support/eventually.ts";

const HOST = "Host: edge.example\r\n";
const GET = `GET /ack HTTP/1.1\r\n${HOST}\r\n`;

test("every limit holds at its last byte", async () => {
  const door = await startDoor({ maximumHeadBytes: 200, maximumFields: 3, maximumTargetBytes: 50 });
  try {
    const withTarget = (bytes: number) => `GET /${"x".repeat(bytes - 1)} HTTP/1.1\r\n${HOST}\r\n`;
    const head = `GET /ack HTTP/1.1\r\n${HOST}X: `;
    const withHead = (bytes: number) => `${head}${"x".repeat(bytes - head.length - 4)}\r\n\r\n`;
    const withFields = (count: number) => `GET /ack HTTP/1.1\r\n${HOST}${"X: y\r\n".repeat(count - 1)}\r\n`;
    const statusOf = async (request: string): Promise<number> => {
      using connection = await door.connect();
      await connection.send(request);
      return (await connection.readResponse()).status;
    };
    expect(await Promise.all([withTarget(50), withTarget(51)].map(statusOf))).toEqual([404, 414]);
    expect(await Promise.all([withHead(200), withHead(201)].map(statusOf))).toEqual([200, 431]);
    expect(await Promise.all([withFields(3), withFields(4)].map(statusOf))).toEqual([200, 431]);
    expect(door.noise).toEqual([]);
  } finally {
    await door.stop();
  }
});

test("a connection is closed after its last request, and the answer says so", async () => {
  const door = await startDoor({ requestsPerConnection: 2 });
  try {
    using connection = await door.connect();
    await connection.send(GET + GET + GET);
    expect((await connection.readResponse()).header("Connection")).toBeUndefined();
    expect((await connection.readResponse()).header("Connection")).toBe("close");
    expect((await connection.readToEnd()).byteLength).toBe(0);
  } finally {
    await door.stop();
  }
});

test("a client with too many connections is told 503, and served again when one ends", async () => {
  const door = await startDoor({ connectionsPerClient: 2 });
  try {
    using first = await door.connect();
    using second = await door.connect();
    for (const connection of [first, second]) {
      await connection.send(GET);
      await connection.readResponse();
    }
    const third = await door.connect();
    expect((await third.readResponse()).status).toBe(503);
    for (const connection of [first, third]) connection.destroy();
    await eventually(async () => {
      using later = await door.connect();
      await later.send(GET);
      expect((await later.readResponse()).status).toBe(200);
    });
  } finally {
    await door.stop();
  }
});

test("a client that does not read its answer is cut off", async () => {
  const door = await startDoor({ writeTimeoutSeconds: 1, connectionsPerClient: 1 });
  try {
    const statusOfAnother = async (): Promise<number> => {
      using another = await door.connect();
      await another.send(GET);
      return (await another.readResponse()).status;
    };
    const deaf = createConnection(door.port, "127.0.0.1").pause();
    deaf.on("error", () => {});
    deaf.write(`GET /large HTTP/1.1\r\n${HOST}\r\n`.repeat(20));
    await eventually(async () => expect(await statusOfAnother()).toBe(503));
    await eventually(async () => expect(await statusOfAnother()).toBe(200));
    expect(door.events("door-error")).toEqual([]);
    deaf.destroy();
  } finally {
    await door.stop();
  }
});

test("an idle connection is closed without a word; a slow head is told 408", async () => {
  const door = await startDoor({ keepAliveTimeoutSeconds: 0.3, headTimeoutSeconds: 0.6 });
  try {
    using idle = await door.connect();
    await idle.send(GET);
    await idle.readResponse();
    expect((await idle.readToEnd()).byteLength).toBe(0);

    using slow = await door.connect();
    await slow.send("GET / HTTP/1.1\r\n");
    expect((await slow.readToEnd()).toString()).toMatch(
      /^HTTP\/1\.1 408 Request Timeout\r\n.*Connection: close\r\n\r\n$/s,
    );

    // A byte now and then does not extend the time a head has.
    using dribbling = await door.connect();
    const started = performance.now();
    const answer = dribbling.readToEnd();
    const dribble = setInterval(() => void dribbling.send("X").catch(() => {}), 100);
    expect((await answer).toString()).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(dribble);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(door.noise).toEqual([]);
  } finally {
    await door.stop();
  }
});

test("a clock that is put back gives a head that dribbles no more time", async () => {
  const door = await startDoor({ headTimeoutSeconds: 1 });
  try {
    using dribbling = await door.connect();
    // In one write with a whole one, so that the door has its first byte when the other is answered.
    await dribbling.send(`${GET}GET / HTTP/1.1\r\nX: `);
    expect((await dribbling.readResponse()).status).toBe(200);
    using other = await door.connect();
    await other.send(`GET /jump?by=${-3_600_000} HTTP/1.1\r\n${HOST}\r\n`);
    expect((await other.readResponse()).status).toBe(200);

    const answer = dribbling.readToEnd();
    const dribble = setInterval(() => void dribbling.send("X").catch(() => {}), 50);
    try {
      expect((await answer).toString()).toMatch(/^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(dribble);
    }
    expect(door.noise).toEqual([]);
  } finally {
    await door.stop();
  }
});

test.each([
  ["inside a head", "GET / HTTP/1.1\r\n", /^HTTP\/1\.1 408 /],
  ["inside a body", `POST /text HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\nsome`, /^HTTP\/1\.1 408 /],
  ["between requests", "", /^$/],
])("a clock that is put back gives a connection that is silent %s no more time", async (_, rest, end) => {
  const door = await startDoor({
    keepAliveTimeoutSeconds: 1,
    headTimeoutSeconds: 1,
    bodyIdleTimeoutSeconds: 1,
  });
  try {
    using silent = await door.connect();
    await silent.send(GET + rest);
    expect((await silent.readResponse()).status).toBe(200);
    using other = await door.connect();
    await other.send(`GET /jump?by=${-3_600_000} HTTP/1.1\r\n${HOST}\r\n`);
    expect((await other.readResponse()).status).toBe(200);
    expect((await silent.readToEnd()).toString()).toMatch(end);
    expect(door.noise).toEqual([]);
  } finally {
    await door.stop();
  }
});

test("a clock that is put back gives a refused client that still sends no more time", async () => {
  const door = await startDoor({ connectionsPerClient: 2 });
  try {
    using refused = await door.connect();
    await refused.send("nonsense\r\n\r\n");
    expect((await refused.readToEnd()).toString()).toMatch(/^HTTP\/1\.1 400 /);
    const dribble = setInterval(() => void refused.send("X").catch(() => {}), 50);
    try {
      using other = await door.connect();
      await other.send(`GET /jump?by=${-3_600_000} HTTP/1.1\r\n${HOST}\r\n`);
      expect((await other.readResponse()).status).toBe(200);
      const statusOfAnother = async (): Promise<number> => {
        using another = await door.connect();
        await another.send(GET);
        return (await another.readResponse()).status;
      };
      expect(await statusOfAnother()).toBe(503);
      await eventually(async () => expect(await statusOfAnother()).toBe(200));
    } finally {
      clearInterval(dribble);
    }
  } finally {
    await door.stop();
  }
});

test("500 connections that dribble cost little memory and disturb nobody", async () => {
  const door = await startDoor();
  const dribbling: RawConnection[] = [];
  try {
    using other = await door.connect();
    await other.send(GET);
    await other.readResponse();
    const before = await door.residentBytes();
    for (let count = 0; count < 500; count++) dribbling.push(await door.connect());
    for (const byte of "POST /text HT")
      await Promise.all(dribbling.map((connection) => connection.send(byte)));
    await other.send(GET);
    expect((await other.readResponse()).status).toBe(200);
    // A buffer of 64 KiB each would be 32 MB for the buffers alone.
    expect((await door.residentBytes()) - before).toBeLessThan(60_000_000);

    const rest = `TP/1.1\r\n${HOST}Content-Length: 2\r\nConnection: close\r\n\r\nok`;
    await Promise.all(dribbling.map((connection) => connection.send(rest)));
    const answers = await Promise.all(dribbling.map((connection) => connection.readResponse()));
    expect(answers.every(({ body }) => body.toString() === "ok")).toBe(true);
    expect(door.noise).toEqual([]);
  } finally {
    for (const connection of dribbling) connection.destroy();
    await door.stop();
  }
});
