import { describe, expect, it } from "vitest";
import { formatPacketHead, readAck } from "../support/bits-client.ts";
import { useBench } from "./bench.ts";
import { eventually } from "../support/eventually.ts";

/** An edge on a machine of one's own is updated: told to end (SIGTERM), and started again on the same storage. */
const MEBIBYTE = 1024 * 1024;
const SIZE = 3 * MEBIBYTE + 11;
const TOLD = { notification: "by-value", notification_url: "/receive.ashx" } as const;
const bench = useBench({
  vars: { UPLOAD_DIRECTORIES: [{ path: "/files/" }, { path: "/notify/", ...TOLD }] },
});

describe.each(["/files/", "/notify/"])("An edge that is ended and started again (%s)", (directory) => {
  it("in the middle of a Fragment: takes it to its end, and the session goes on", async () => {
    const { edge } = bench();
    const upload = await bench().begin(SIZE, directory);
    const { destination, sessionId, bytes } = upload;
    using connection = await bench().open();
    const range = { sessionId, first: 0, length: SIZE - 1, total: SIZE };
    await connection.send(formatPacketHead(connection, destination, "Fragment", range));
    await connection.send(bytes.subarray(0, 2 * MEBIBYTE + 5));
    await eventually(async () => expect(await upload.offset()).toBeGreaterThanOrEqual(2 * MEBIBYTE));

    const restarted = edge.restart();
    await connection.send(bytes.subarray(2 * MEBIBYTE + 5, SIZE - 1));
    const ack = readAck(await connection.readResponse());
    expect([ack.status, ack.receivedContentRange]).toEqual([200, SIZE - 1]);
    connection.destroy();
    await restarted;
    expect((await upload.send(SIZE - 1)).receivedContentRange).toBe(SIZE);
    for (let turn = 0; turn < 2; turn++) expect((await upload.close()).status).toBe(200);
    expect((await bench().published(destination))?.equals(bytes)).toBe(true);
    expect(bench().commitsOf(destination)).toHaveLength(1);
  });

  it("in the middle of a commit: waits for it, and knows in its next life how it ended", async () => {
    const { origin, edge } = bench();
    const upload = await bench().beginWhole(SIZE, directory);
    const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    origin.fault = async ({ socket, deliver }) => {
      reached.resolve();
      await released.promise;
      socket.end(await deliver(), "latin1");
    };
    const closing = upload.close();
    await reached.promise;
    const restarted = edge.restart();
    released.resolve();
    expect((await closing).status).toBe(200);
    await restarted;
    origin.fault = null;
    expect((await upload.close()).status).toBe(200);
    expect((await bench().published(upload.destination))?.equals(upload.bytes)).toBe(true);
    expect(bench().commitsOf(upload.destination)).toHaveLength(1);
  });
});
