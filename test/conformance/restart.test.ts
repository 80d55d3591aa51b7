import { describe, expect, it } from "vitest";
import { formatPacketHead, ping } from "../support/bits-client.ts";
import type { OriginRequest } from "../support/origin-behaviour.ts";
import { expectAck, INVALID, SESSION_UNKNOWN } from "./expect-ack.ts";
import { type Upload, useBench } from "./support.ts";
import { eventually } from "../support/eventually.ts";

const MEBIBYTE = 1024 * 1024;
const bench = useBench();

/** A crash: SIGKILL, and the same storage again. The client's connections are gone with the edge. */
async function crash(): Promise<void> {
  await bench().edge.kill();
  await bench().edge.restart();
}

describe("An edge that crashes between packets ([MC-BUP] 3.1.4.3; ruling 23)", () => {
  it("after each one: has kept what it acknowledged", async () => {
    using upload = await bench().begin(3 * MEBIBYTE + 11);
    const { sessionId, target } = upload;
    for (const [first, end] of [
      [0, 10],
      [10, 1_500_000],
      [1_000_000, 3 * MEBIBYTE],
      [3 * MEBIBYTE, 3 * MEBIBYTE + 11],
    ] as const) {
      await crash();
      using connection = await bench().open();
      expectAck(await ping(connection, target), {});
      expectAck(await upload.send(first, end, { connection }), { sessionId, offset: end });
    }
    await crash();
    using connection = await bench().open();
    expectAck(await upload.send(0, 1, { connection }), { sessionId, offset: 3 * MEBIBYTE + 11 });
    expectAck(await upload.close(connection), upload.done);
    await bench().expectPublished(target, upload.bytes);
  });

  it("knows how sessions ended", async () => {
    using closed = await bench().beginWhole(1_000);
    expectAck(await closed.close(), closed.done);
    using cancelled = await bench().beginWhole(1_000);
    expectAck(await cancelled.cancel(), cancelled.done);
    using early = await bench().begin(1_000);
    expectAck(await early.close(), { ...INVALID, sessionId: early.sessionId });

    await crash();
    using connection = await bench().open();
    expectAck(await closed.close(connection), closed.done);
    expectAck(await closed.send(0, 1_000, { connection }), { sessionId: closed.sessionId, offset: 1_000 });
    expectAck(await cancelled.cancel(connection), cancelled.done);
    expectAck(await cancelled.close(connection), { ...SESSION_UNKNOWN, sessionId: cancelled.sessionId });
    expectAck(await early.close(connection), { ...INVALID, sessionId: early.sessionId });
    expect(bench().commitsOf(closed.target)).toHaveLength(1);
  });

  it("in the middle of a Fragment: whole MiB are kept, and none that is not exact", async () => {
    using upload = await bench().begin(5 * MEBIBYTE);
    const { sessionId, target, bytes } = upload;
    const fields = { sessionId, first: 0, length: bytes.length, total: bytes.length };
    await upload.connection.send(formatPacketHead(upload.connection, target, "Fragment", fields));
    await upload.connection.send(bytes.subarray(0, 3 * MEBIBYTE + 5));
    const offsetNow = async (): Promise<number> => {
      using connection = await bench().open();
      const { receivedContentRange = 0 } = await upload.send(bytes.length - 1, bytes.length, { connection });
      return receivedContentRange;
    };
    await eventually(async () => expect(await offsetNow()).toBeGreaterThanOrEqual(2 * MEBIBYTE));

    await crash();
    expect(await offsetNow()).toBeGreaterThanOrEqual(2 * MEBIBYTE);
    using connection = await bench().open();
    expectAck(await upload.send(0, bytes.length, { connection }), { sessionId, offset: bytes.length });
    expectAck(await upload.close(connection), upload.done);
    await bench().expectPublished(target, bytes);
  });
});

describe("An edge that crashes in the middle of a commit (ruling 19)", () => {
  it("goes on without any client, with the same key", async () => {
    const crashed = await crashInCommit("/uploads/", "/notify/");
    for (const { upload, first } of crashed) {
      const second = await eventually(() => {
        const commit = bench().commitsOf(upload.target)[1];
        expect(commit?.status).toBeDefined();
        return commit;
      });
      expect(second?.headers["idempotency-key"]).toBe(first.headers["idempotency-key"]);
      await bench().expectPublished(upload.target, upload.bytes);
    }
    using connection = await bench().open();
    for (const { upload } of [...crashed, ...crashed]) expectAck(await upload.close(connection), upload.done);
    for (const { upload } of crashed) expect(bench().commitsOf(upload.target)).toHaveLength(2);
  });

  it.each(["/uploads/", "/overwrite/", "/notify/"])(
    "in %s: a Close-Session does not have to wait for that",
    async (directory) => {
      const [crashed] = await crashInCommit(directory);
      const { upload, first } = crashed;
      using connection = await bench().open();
      for (let turn = 0; turn < 2; turn++) expectAck(await upload.close(connection), upload.done);
      const commits = bench().commitsOf(upload.target);
      expect(commits).toHaveLength(2);
      expect(commits[1]?.headers["idempotency-key"]).toBe(first.headers["idempotency-key"]);
      await bench().expectPublished(upload.target, upload.bytes);
    },
  );

  it("finds its own file at the origin, where no file may be overwritten: no 403", async () => {
    const [{ upload }] = await crashInCommit("/uploads/");
    await bench().place(upload.target, upload.bytes);
    using connection = await bench().open();
    expectAck(await upload.close(connection), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });
});

interface Crashed {
  readonly upload: Upload;
  /** What the origin saw of it before the crash. */
  readonly first: OriginRequest;
}

/** A Close-Session in each directory, whose commits the origin has in full and does not answer; then the crash. */
async function crashInCommit(first: string, ...others: string[]): Promise<[Crashed, ...Crashed[]]> {
  const crashed: [Crashed, ...Crashed[]] = [await hangInCommit(first)];
  for (const directory of others) crashed.push(await hangInCommit(directory));
  await crash();
  return crashed;
}

async function hangInCommit(directory: string): Promise<Crashed> {
  using upload = await bench().beginWhole(2 * MEBIBYTE, { directory });
  bench().origin.queue({ kind: "hang" });
  upload.close().catch(() => undefined);
  const first = await eventually(() => {
    const [commit] = bench().commitsOf(upload.target);
    if (commit?.state !== "read") throw new Error("the origin does not have it yet");
    return commit;
  });
  return { upload, first };
}
