import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { fetchUrl } from "../reply/support.ts";
import { closeSession, createSession, fragment } from "../support/bits-client.ts";
import type { Bench } from "./bench.ts";
import { isBySocket, valuesOf } from "./commit-head.ts";
import {
  CANNOT_CONNECT,
  CONNECTIONS,
  DIRECTORIES,
  expectArrival,
  HELD,
  SIZE,
  startBench,
  startOrigin,
  TAKEN,
  told,
} from "./connections.ts";
import type { FaultyOrigin } from "./faulty-origin.ts";

/** What `isBySocket` says of a commit's head. */
const BY_SOCKET = true;
const BY_FETCH = false;

describe("An http origin, where nothing is said of its connection", () => {
  it.each(DIRECTORIES)("has the upload by a socket (%s)", async (directory) => {
    const bench = await startBench("auto");
    const heads = recordHeads(bench.origin);
    await expectArrival(await bench.beginWhole(SIZE, directory));
    expect(heads.map(isBySocket)).toEqual([BY_SOCKET]);
  });

  it.each(DIRECTORIES)("has it by fetch where no socket can be opened (%s)", async (directory) => {
    const bench = await startBench("auto", { outbound: "fetch-only" });
    const heads = recordHeads(bench.origin);
    await expectArrival(await bench.beginWhole(SIZE, directory));
    expect(heads.map(isBySocket)).toEqual([BY_FETCH]);
  });

  it.each(DIRECTORIES)(
    "is told nothing where a socket is asked for and none can be opened, and has the upload once fetch may bring it (%s)",
    async (directory) => {
      const storage = await mkdtemp(join(tmpdir(), "connection-"));
      onTestFinished(async () => rm(storage, { recursive: true, force: true }));
      const secrets = { SESSION_KEY: "the same key in both lives of the edge" };
      const options = { outbound: "fetch-only", storage, secrets } as const;
      const before = await startBench("socket", options);
      const upload = await before.beginWhole(SIZE, directory);
      for (let attempt = 0; attempt < 2; attempt++) {
        expect(await told(upload)).toEqual(CANNOT_CONNECT);
        expect((await upload.send()).receivedContentRange).toBe(SIZE);
      }
      expect(before.commitsOf(upload.destination)).toEqual([]);
      await before.edge.stop();
      await expectArrival(upload.at(await startBench("fetch", options, before.origin)));
    },
  );
});

/**
 * An application that may not be told twice, and refuses connections: whether it was told is certain by a socket. Of
 * `fetch` the runtime says no more than that the connection was lost; "auto" ends with it, and so knows no more.
 */
it.each([
  { connection: "socket", first: CANNOT_CONNECT, later: TAKEN },
  { connection: "fetch", first: HELD, later: HELD },
  { connection: "auto", first: HELD, later: HELD },
] as const)(
  'A refused connection, by $connection, in a directory with unknown_outcome = "hold" (ruling 19)',
  async ({ connection, first, later }) => {
    const bench = await startBench(connection);
    const { origin } = bench;
    const upload = await bench.beginWhole(SIZE, "/hold/");
    await origin.refuse();
    for (let attempt = 0; attempt < 2; attempt++) expect(await told(upload)).toEqual(first);
    await origin.recover();
    for (let turn = 0; turn < 2; turn++) expect(await told(upload)).toEqual(later);
    expect(bench.commitsOf(upload.destination)).toHaveLength(later === TAKEN ? 1 : 0);
    const published = await bench.published(upload.destination);
    expect(published?.equals(upload.bytes) ?? false).toBe(later === TAKEN);
  },
);

it.each(CONNECTIONS)(
  "A reply that is wanted by value is read, and so comes by fetch (ORIGIN_CONNECTION is %s, ruling 25)",
  async (connection) => {
    const bench = await startBench(connection);
    const { origin } = bench;
    const upload = await bench.begin(SIZE, "/reply/");
    const heads: string[] = [];
    origin.fault = async ({ socket, head, deliver }) => {
      heads.push(head);
      await deliver();
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthe reply");
    };
    // The application is told with the last Fragment, [MC-BUP] 3.2.5.1.3.
    const { status, replyUrl = "" } = await upload.send();
    expect(status).toBe(200);
    expect((await fetchUrl(replyUrl)).body.toString()).toBe("the reply");
    await expectArrival(upload);
    expect(heads.map(isBySocket)).toEqual([BY_FETCH]);
  },
);

it.each(CONNECTIONS)(
  "An origin that is named by an IPv6 address has the upload (by %s)",
  async (connection) => {
    const origin = await startOrigin();
    const front = createServer({ allowHalfOpen: true }, (socket: Socket) => {
      const behind = connect({ port: origin.port, host: "127.0.0.1", allowHalfOpen: true });
      // Whoever leaves, takes the other along.
      pipeline(socket, behind, () => undefined);
      pipeline(behind, socket, () => undefined);
    }).listen(0, "::1");
    onTestFinished(() => void front.close());
    await once(front, "listening"); // a machine without ::1 fails here: what it cannot show is not shown
    const address = front.address();
    const host = `[::1]:${typeof address === "object" ? address?.port : undefined}`;
    const bench = await startBench(connection, {}, origin, `http://${host}`);
    const heads = recordHeads(origin);
    await expectArrival(await bench.beginWhole(SIZE));
    expect(heads.map((head) => [valuesOf("Host", head), isBySocket(head)])).toEqual([
      [[host], connection === "fetch" ? BY_FETCH : BY_SOCKET],
    ]);
  },
);

/**
 * What an origin may see of the way in which a commit comes. All else is the same by both, but for the order of fields
 * with different names, which means nothing (RFC 9110 section 5.3).
 */
const MAY_DIFFER: readonly (readonly [field: string, why: string])[] = [
  ["BITS-Session-Id", "each edge has a session of its own for the same destination"],
  ["Idempotency-Key", "and a commit of its own"],
];

/** Destinations, and where their commits go: the canonical path (ruling 27, one form of a path); the query as it came. */
it.each([
  ["/files/plain.bin", "PUT /the%20base/v1/files/plain.bin"],
  [
    "/files/a%20b/%C3%A4%2d~%7E!$&'()+,;=@[c].bin",
    "PUT /the%20base/v1/files/a%20b/%C3%A4-~~!$&'()+,;=@%5Bc%5D.bin",
  ],
  ["/files/of-an-old-client-%E4.bin", "PUT /the%20base/v1/files/of-an-old-client-%E4.bin"],
  [
    "/files/query.bin?x=1&y=%2F%20+z&&none=&q=a:b/c?d&%E4='",
    "PUT /the%20base/v1/files/query.bin?x=1&y=%2F%20+z&&none=&q=a:b/c?d&%E4=%27",
  ],
  ["/files/question.bin?", "PUT /the%20base/v1/files/question.bin"],
  ["/notify/a%20b.bin?x=%20&y", "POST /receive.ashx?from=edge&x=%20&y"],
])("A request is the same by a socket and by fetch: %s", async (destination, methodAndTarget) => {
  const origin = await startOrigin();
  const heads: string[] = [];
  origin.fault = async ({ head, body, socket }) => {
    heads.push(head);
    for await (const chunk of body()) void chunk; // not kept: the second edge's upload would be refused for it
    socket.end("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  };
  for (const connection of ["socket", "fetch"] as const) {
    const bench = await startBench(connection, {}, origin, `${origin.url}/the%20base/v1/`);
    await uploadTo(bench, destination, "the same bytes");
    await bench.edge.stop();
  }
  const [bySocket = "", byFetch = "", ...others] = heads;
  expect(others).toEqual([]);
  expect(bySocket.split("\r\n")[0]).toBe(`${methodAndTarget} HTTP/1.1`);
  expect(linesThatMayNotDiffer(bySocket)).toEqual(linesThatMayNotDiffer(byFetch));
  expect(valuesOf("Host", bySocket)).toEqual([`127.0.0.1:${origin.port}`]);
  for (const [field, why] of MAY_DIFFER) {
    expect(valuesOf(field, bySocket), `it does differ: ${why}`).not.toEqual(valuesOf(field, byFetch));
  }
});

/** Heads of the commits from now on, as they are on the wire. */
function recordHeads(origin: FaultyOrigin): string[] {
  const heads: string[] = [];
  origin.fault = async ({ head, socket, deliver }) => {
    heads.push(head);
    socket.end(await deliver(), "latin1");
  };
  return heads;
}

/** All of an upload, by a client that calls each edge by the same name. */
async function uploadTo(bench: Bench, destination: string, bytes: string): Promise<void> {
  using connection = await bench.open();
  const options = { headers: { Host: "files.example" } };
  const { sessionId = "" } = await createSession(connection, destination, options);
  const range = { sessionId, first: 0, total: bytes.length, bytes };
  expect((await fragment(connection, destination, range, options)).status).toBe(200);
  expect((await closeSession(connection, destination, sessionId, options)).status).toBe(200);
}

function linesThatMayNotDiffer(head: string): string[] {
  const allowed = MAY_DIFFER.map(([field]) => `${field}:`);
  return head
    .split("\r\n")
    .filter((line) => !allowed.some((start) => line.startsWith(start)))
    .toSorted();
}
