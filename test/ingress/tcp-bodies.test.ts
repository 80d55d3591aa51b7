import { afterAll, beforeAll, expect, test } from "vitest";
import { type Door, startDoor } from "./support/start-door.ts";
import { eventually } from "../support/eventually.ts";

const HOST = "Host: edge.example\r\n";
const MEBIBYTE = 1024 * 1024;
let door: Door;
beforeAll(async () => {
  door = await startDoor({ bodyIdleTimeoutSeconds: 1, drainBytes: 2 * MEBIBYTE });
});
afterAll(() => door.stop());

/** What a body of `bytes` sums up to when it is read in `piece`s; must do what the probe does. */
function sumOf(body: Uint8Array, piece: number): number {
  let sum = 0;
  for (let start = 0; start < body.byteLength; start += piece) {
    const end = Math.min(start + piece, body.byteLength);
    for (let at = start; at < end; at += 997) sum = (sum + (body[at] ?? 0)) % 65_521;
  }
  return sum;
}

function patternOf(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
}

test("a body of 13 MiB is read in whole pieces of 1 MiB", async () => {
  using connection = await door.connect();
  const body = patternOf(13 * MEBIBYTE + 5);
  await connection.send(
    `BITS_POST /pieces?bytes=${MEBIBYTE} HTTP/1.1\r\n${HOST}Content-Length: ${body.byteLength}\r\n\r\n`,
  );
  await connection.send(body);
  expect(JSON.parse((await connection.readResponse()).body.toString())).toEqual({
    sizes: [...Array.from({ length: 13 }, () => MEBIBYTE), 5],
    error: null,
    sum: sumOf(body, MEBIBYTE),
  });
});

test("a chunked body is read in whole pieces too", async () => {
  using connection = await door.connect();
  const body = patternOf(300_000);
  await connection.send(`POST /pieces?bytes=65536 HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
  for (let start = 0; start < body.byteLength; start += 7_000) {
    const data = body.subarray(start, start + 7_000);
    await connection.send(
      Buffer.concat([Buffer.from(`${data.byteLength.toString(16)}\r\n`), data, Buffer.from("\r\n")]),
    );
  }
  await connection.send("0\r\n\r\n");
  expect(JSON.parse((await connection.readResponse()).body.toString())).toEqual({
    sizes: [65_536, 65_536, 65_536, 65_536, 37_856],
    error: null,
    sum: sumOf(body, 65_536),
  });
});

test("a body passed on as the response streams back", async () => {
  using connection = await door.connect();
  await connection.send(`POST /echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
  // The door answers before the body is over.
  const begun = connection.readResponse();
  await connection.send("3\r\ndef\r\n0\r\n\r\n");
  expect((await begun).body.toString()).toBe("abcdef");
});

test.each([
  ["closes its side", "halfClose"],
  ["resets the connection", "reset"],
  ["vanishes", "destroy"],
] as const)("what arrived is delivered before the error when the client %s", async (_name, end) => {
  using connection = await door.connect();
  const before = door.events("pieces").length;
  await connection.send(
    `BITS_POST /pieces?bytes=${MEBIBYTE} HTTP/1.1\r\n${HOST}Content-Length: ${5 * MEBIBYTE}\r\n\r\n`,
  );
  await connection.send(patternOf(MEBIBYTE + 100_000));
  connection[end]();
  await eventually(() => expect(door.events("pieces")).toHaveLength(before + 1));
  expect(door.events("pieces").at(-1)).toMatchObject({ error: "BodyLost" });
  const { sizes } = door.events("pieces").at(-1) as { sizes: number[] };
  // A reset may overtake bytes that the client's system had not handed over yet.
  if (end === "reset") expect(sizes.length).toBeLessThanOrEqual(2);
  else expect(sizes).toEqual([MEBIBYTE, 100_000]);
});

test("what arrived is delivered before the error when the client falls silent", async () => {
  using connection = await door.connect();
  await connection.send(
    `BITS_POST /pieces?bytes=${MEBIBYTE} HTTP/1.1\r\n${HOST}Content-Length: ${5 * MEBIBYTE}\r\n\r\n`,
  );
  await connection.send(patternOf(1_000));
  await connection.send(patternOf(2_000));
  const response = await connection.readResponse();
  expect(JSON.parse(response.body.toString())).toMatchObject({ sizes: [3_000], error: "BodyLost" });
  expect(response.header("Connection")).toBe("close");
  await connection.waitForEnd();
});

test("an app that does not catch the loss leaves the answer to the door: 408 for silence, 400 for nonsense", async () => {
  using silent = await door.connect();
  await silent.send(`POST /uncaught-read HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhe`);
  expect((await silent.readToEnd()).toString()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);

  using malformed = await door.connect();
  await malformed.send(
    `POST /uncaught-read HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nhe0\r\n\r\n`,
  );
  expect((await malformed.readToEnd()).toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
});

test("a body that makes progress is never idle, however slow it is", async () => {
  using connection = await door.connect();
  await connection.send(`POST /pieces?bytes=10 HTTP/1.1\r\n${HOST}Content-Length: 6\r\n\r\n`);
  for (const byte of "slowly") {
    // Three fifths of the limit each, so more than three limits in all.
    await new Promise((resolve) => setTimeout(resolve, 600));
    await connection.send(byte);
  }
  expect(JSON.parse((await connection.readResponse()).body.toString())).toMatchObject({
    sizes: [6],
    error: null,
  });
});

test("an unread body is drained and the next request served", async () => {
  using connection = await door.connect();
  await connection.send(`POST /ack HTTP/1.1\r\n${HOST}Content-Length: 1000000\r\n\r\n`);
  await connection.send("x".repeat(1_000_000));
  expect((await connection.readResponse()).status).toBe(200);
  await connection.send(`GET /ack HTTP/1.1\r\n${HOST}\r\n`);
  expect((await connection.readResponse()).status).toBe(200);
});

test("an unread chunked body is drained and the next request served", async () => {
  using connection = await door.connect();
  await connection.send(
    `POST /ack HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n186a0\r\n${"x".repeat(100_000)}\r\n0\r\n\r\nGET /ack HTTP/1.1\r\n${HOST}\r\n`,
  );
  expect((await connection.readResponse()).status).toBe(200);
  expect((await connection.readResponse()).status).toBe(200);
});

test("a half-read body is drained and the next request served", async () => {
  using connection = await door.connect();
  await connection.send(
    `POST /first-piece HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n${"x".repeat(100_000)}`,
  );
  expect((await connection.readResponse()).body.toString()).toBe("first 10");
  await connection.send(`GET /ack HTTP/1.1\r\n${HOST}\r\n`);
  expect((await connection.readResponse()).status).toBe(200);
});

test("a client that sends it all before it reads gets its answer, even beyond what is drained", async () => {
  using connection = await door.connect();
  await connection.send(`POST /ack HTTP/1.1\r\n${HOST}Content-Length: ${2 * MEBIBYTE + 500_000}\r\n\r\n`);
  await connection.send(patternOf(2 * MEBIBYTE + 500_000));
  const response = await connection.readResponse();
  expect([response.status, response.header("Connection")]).toEqual([200, "close"]);
  await connection.waitForEnd();
});

test("a large answer and a large unread body do not wait for each other", async () => {
  using connection = await door.connect();
  const sent = connection.send(
    Buffer.concat([
      Buffer.from(`POST /large HTTP/1.1\r\n${HOST}Content-Length: ${2 * MEBIBYTE}\r\n\r\n`),
      patternOf(2 * MEBIBYTE),
    ]),
  );
  await sent;
  expect((await connection.readResponse()).body.byteLength).toBe(8 * MEBIBYTE);
  await connection.send(`GET /ack HTTP/1.1\r\n${HOST}\r\n`);
  expect((await connection.readResponse()).status).toBe(200);
});

test("nothing was left uncaught, and no client's fault was logged as the door's", () => {
  expect(door.noise).toEqual([]);
  expect(door.events("door-error")).toEqual([]);
});
