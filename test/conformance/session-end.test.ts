import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Ack } from "../support/bits-client.ts";
import { answer } from "../support/origin-behaviour.ts";
import { expectAck, INVALID, ofApplication, SESSION_UNKNOWN } from "./expect-ack.ts";
import { type Upload, useBench } from "./support.ts";
import { eventually } from "../support/eventually.ts";

const TIMEOUT_MILLISECONDS = 4_000;
const bench = useBench({
  directories: [{ path: "/brief/", session_timeout_seconds: TIMEOUT_MILLISECONDS / 1000 }],
});
const directory = "/brief/";

/** After its time a session is removed without a packet; the log says when, and asking would keep it alive. */
describe.concurrent("A session of 4 s ([MC-BUP] 3.2.6.1; ruling 23)", () => {
  it("with some bytes is unknown afterwards, to every packet", async () => {
    using upload = await bench().begin(1_000, { directory });
    expectAck(await upload.send(0, 500), { sessionId: upload.sessionId, offset: 500 });
    await bench().untilLogged("expired", upload);
    await expectUnknown(upload);
    expect(bench().commitsOf(upload.target)).toEqual([]);
  });

  it("with all bytes is unknown afterwards, and nothing was published", async () => {
    using upload = await bench().beginWhole(1_000, { directory });
    await bench().untilLogged("expired", upload);
    await expectUnknown(upload);
    expect(bench().commitsOf(upload.target)).toEqual([]);
  });

  it("that was closed keeps its tombstone as long, and then it is unknown; the file stays", async () => {
    using upload = await bench().beginWhole(1_000, { directory });
    for (let turn = 0; turn < 2; turn++) expectAck(await upload.close(), upload.done);
    await bench().untilLogged("expired", upload);
    await expectUnknown(upload);
    await bench().expectPublished(upload.target, upload.bytes);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
  });

  it("that was cancelled keeps its tombstone as long", async () => {
    using upload = await bench().beginWhole(1_000, { directory });
    for (let turn = 0; turn < 2; turn++) expectAck(await upload.cancel(), upload.done);
    await bench().untilLogged("expired", upload);
    await expectUnknown(upload);
  });

  it("that was closed too early keeps its tombstone as long", async () => {
    using upload = await bench().begin(1_000, { directory });
    for (let turn = 0; turn < 2; turn++) {
      expectAck(await upload.close(), { ...INVALID, sessionId: upload.sessionId });
    }
    await bench().untilLogged("expired", upload);
    await expectUnknown(upload);
  });

  it("that was only created is unknown afterwards", async () => {
    using upload = await bench().begin(1_000, { directory });
    // A gap stores nothing, and the age of an id that stored nothing counts from its issue.
    const ack = await eventually(
      async () => {
        const late = await upload.send(999);
        expect(late.status).toBe(500);
        return late;
      },
      { intervalMilliseconds: 200 },
    );
    expectAck(ack, { ...SESSION_UNKNOWN, sessionId: upload.sessionId });
    await expectUnknown(upload);
  });

  it.each<[string, (upload: Upload, turn: number) => Promise<Ack>]>([
    ["bring bytes", (upload, turn) => upload.send(turn, turn + 1)],
    ["repeat bytes", (upload) => upload.send(0, 1)],
  ])("lives on while Fragments %s ([MC-BUP] 3.2.2.1)", async (_, send) => {
    using upload = await bench().begin(1_000, { directory });
    expect((await upload.send(0, 1)).status).toBe(200);
    const started = performance.now();
    for (let turn = 1; performance.now() - started < 2 * TIMEOUT_MILLISECONDS; turn++) {
      // Packets at a pace, not a wait for something to happen.
      await pause(100);
      expect((await send(upload, turn)).status).toBe(200);
    }
  });

  it("that has ended leaves its destination to another ([MC-BUP] 3.2.6.1)", async () => {
    using first = await bench().beginWhole(1_000, { directory });
    await bench().untilLogged("expired", first);
    using second = await bench().beginWhole(Buffer.from("second"), { target: first.target });
    expectAck(await second.close(), second.done);
    await bench().expectPublished(first.target, second.bytes);
    await expectUnknown(first);
  });
});

describe("A session of 4 s that nobody could commit", () => {
  it("is unknown afterwards, and the origin is not asked again (ruling 23)", async () => {
    using upload = await bench().beginWhole(1_000, { directory });
    bench().origin.queue(answer(500));
    expectAck(await upload.close(), { ...ofApplication(500), sessionId: upload.sessionId });
    await bench().untilLogged("expired", upload);
    await expectUnknown(upload);
    expect(bench().commitsOf(upload.target)).toHaveLength(1);
  });
});

async function expectUnknown(upload: Upload): Promise<void> {
  const expected = { ...SESSION_UNKNOWN, sessionId: upload.sessionId };
  expectAck(await upload.send(), expected);
  expectAck(await upload.close(), expected);
  expectAck(await upload.cancel(), expected);
  expectAck(await upload.close(), expected);
}
