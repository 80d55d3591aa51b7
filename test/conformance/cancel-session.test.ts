import { describe, expect, it } from "vitest";
import { answer } from "../support/origin-behaviour.ts";
import { expectAck, INVALID, ofApplication, SESSION_UNKNOWN } from "./expect-ack.ts";
import { type Door, type Upload, useBench } from "./support.ts";

const bench = useBench();

describe.each<Door>(["tcp", "http"])("Cancel-Session over the %s door ([MC-BUP] 2.2.10)", (door) => {
  it.each<[string, (upload: Upload) => Promise<unknown>]>([
    ["at once", async () => undefined],
    ["in the middle of an upload", (upload) => upload.send(0, 500)],
    ["after the last byte", (upload) => upload.send()],
    [
      "after a commit that failed",
      async (upload) => {
        await upload.send();
        bench().origin.queue(answer(500));
        expectAck(await upload.close(), { ...ofApplication(500), sessionId: upload.sessionId });
      },
    ],
    [
      "after a commit that was refused",
      async (upload) => {
        await upload.send();
        bench().origin.queue(answer(403));
        expectAck(await upload.close(), { ...ofApplication(403), sessionId: upload.sessionId });
      },
    ],
  ])("%s: 200, and nobody knows the session any more (ruling 21)", async (_, before) => {
    using upload = await bench().begin(1_000, { door });
    const { sessionId } = upload;
    await before(upload);
    const asked = bench().commitsOf(upload.target).length;
    expectAck(await upload.cancel(), upload.done);

    expectAck(await upload.send(), { ...SESSION_UNKNOWN, sessionId });
    expectAck(await upload.send(500), { ...SESSION_UNKNOWN, sessionId });
    expectAck(await upload.close(), { ...SESSION_UNKNOWN, sessionId });
    // Repeated, it is answered from the tombstone.
    expectAck(await upload.cancel(), upload.done);
    expect(bench().commitsOf(upload.target)).toHaveLength(asked);
    expect(await bench().published(upload.target)).toBeUndefined();
  });

  it("after Close-Session: 200, and the file stays (Win32, Cancel-Session; ruling 21)", async () => {
    using upload = await bench().beginWhole(1_000, { door });
    expectAck(await upload.close(), upload.done);
    for (let turn = 0; turn < 2; turn++) expectAck(await upload.cancel(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
    // The tombstone is the commit's still.
    expectAck(await upload.close(), upload.done);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
  });

  it("after a Close-Session that came too early: 200 (rulings 20 and 21)", async () => {
    using upload = await bench().begin(1_000, { door });
    const { sessionId } = upload;
    expectAck(await upload.send(0, 10), { sessionId, offset: 10 });
    expectAck(await upload.close(), { ...INVALID, sessionId });
    expectAck(await upload.cancel(), upload.done);
    expectAck(await upload.close(), { ...INVALID, sessionId });
  });

  it("leaves the destination to a new upload ([MC-BUP] 3.2.5.2.8)", async () => {
    using first = await bench().beginWhole(1_000, { door });
    expectAck(await first.cancel(), first.done);
    using second = await bench().beginWhole(Buffer.from("second"), { door, target: first.target });
    expectAck(await second.close(), second.done);
    await bench().expectPublished(first.target, second.bytes);
  });
});

describe("Cancel-Session on another connection", () => {
  it.each([
    ["succeeds", 200],
    ["is refused", 500],
  ])("while a commit runs that %s waits for it (ruling 21)", async (_, status) => {
    using upload = await bench().beginWhole(1_000);
    const { sessionId, target } = upload;
    const then = status === 200 ? ({ kind: "serve" } as const) : answer(status);
    // oxlint-disable-next-line unicorn/no-thenable -- the behaviour's own name for what it does next
    bench().origin.queue({ kind: "delay", milliseconds: 500, then });
    const closing = upload.close();
    await bench().origin.waitFor(({ method, url }) => method === "PUT" && url === target);
    using other = await bench().open();
    const cancelled = await upload.cancel(other);
    expectAck(cancelled, upload.done);
    expect(bench().commitsOf(target)[0]?.status, "the commit has ended").toBeDefined();

    const isCommitted = status === 200;
    // Both were waiting for the failed commit: the Close-Session may speak before the session is gone, or after.
    const closed = await closing;
    const failed = closed.errorContext === 7 ? ofApplication(status) : SESSION_UNKNOWN;
    expectAck(closed, isCommitted ? upload.done : { ...failed, sessionId });
    if (isCommitted) await bench().expectPublished(target, upload.bytes);
    else expect(await bench().published(target)).toBeUndefined();
    expectAck(await upload.close(), isCommitted ? upload.done : { ...SESSION_UNKNOWN, sessionId });
    expect(bench().commitsOf(target)).toHaveLength(1);
  });

  it("and ten at once: all 200", async () => {
    using upload = await bench().beginWhole(1_000);
    const connections = await Promise.all(Array.from({ length: 10 }, () => bench().open()));
    const acks = await Promise.all(connections.map((connection) => upload.cancel(connection)));
    for (const ack of acks) expectAck(ack, upload.done);
    for (const connection of connections) connection.destroy();
  });

  it("at the same time as Close-Session: one of them is first, and both say so (rulings 18 and 21)", async () => {
    for (let round = 0; round < 10; round++) {
      using upload = await bench().beginWhole(1_000);
      const { sessionId, target } = upload;
      using other = await bench().open();
      const closer = round % 2 === 0 ? upload.connection : other;
      const canceller = round % 2 === 0 ? other : upload.connection;
      const [closed, cancelled] = await Promise.all([upload.close(closer), upload.cancel(canceller)]);
      expectAck(cancelled, upload.done);
      if (closed.status === 200) {
        expectAck(closed, upload.done);
        await bench().expectPublished(target, upload.bytes);
        expect(bench().commitsOf(target)).toHaveLength(1);
      } else {
        expectAck(closed, { ...SESSION_UNKNOWN, sessionId });
        expect(bench().commitsOf(target)).toEqual([]);
        expect(await bench().published(target)).toBeUndefined();
      }
    }
  });

  it("while a Fragment is coming in: what comes after it is for nobody ([MC-BUP] 3.2.5.2.8)", async () => {
    using upload = await bench().begin(8 << 20);
    const { sessionId, target } = upload;
    using other = await bench().open();
    const [sent, cancelled] = await Promise.all([upload.send(), upload.cancel(other)]);
    expectAck(cancelled, upload.done);
    expect([200, 500]).toContain(sent.status);
    expectAck(await upload.send(0, 10, { connection: other }), { ...SESSION_UNKNOWN, sessionId });
    expectAck(await upload.close(other), { ...SESSION_UNKNOWN, sessionId });
    expect(bench().commitsOf(target)).toEqual([]);
  });
});
