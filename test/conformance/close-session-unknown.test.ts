import { describe, expect, it } from "vitest";
import { answer, type OriginBehaviour, type QueuedBehaviour } from "../support/origin-behaviour.ts";
import { expectAck, FORBIDDEN, ofApplication } from "./expect-ack.ts";
import { contentOf, type Upload, useBench } from "./support.ts";

/** For silence only: elsewhere a slow machine would end the edge's patience. */
const directories = [
  { path: "/impatient-uploads/", origin_timeout_seconds: 1 },
  {
    path: "/impatient-notify/",
    notification: "by-value",
    notification_url: "/receive.ashx",
    origin_timeout_seconds: 1,
  },
];
const bench = useBench({ directories });

const SIZE = 1_500_000;
/** While so much may still lie in the network the edge is patient, a second for each 64 KiB. */
const SIZE_FOR_SILENCE = 70_000;
const sizeFor = ({ kind }: OriginBehaviour): number => (kind === "hang" ? SIZE_FOR_SILENCE : SIZE);

/** Ways in which the answer to a PUT is lost; what is then at the destination is each test's matter. */
const BREAKS: readonly (readonly [string, OriginBehaviour])[] = [
  ["a reset before the body", { kind: "reset", when: "before-body" }],
  ["a reset inside the body", { kind: "reset", when: { afterBytes: 1_200_000 } }],
  ["a reset after the body", { kind: "reset", when: "after-body" }],
  ["silence", { kind: "hang" }],
];

describe.each(BREAKS)("After %s, where no file may be overwritten (ruling 19)", (_, behaviour) => {
  it("and nothing left: the next Close-Session puts the file", async () => {
    using upload = await lost(behaviour);
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it("and the whole file left: the next Close-Session is a success, no 403", async () => {
    using upload = await lost(behaviour);
    const lostRequests = bench().commitsOf(upload.target).length;
    await bench().place(upload.target, upload.bytes);
    for (let turn = 0; turn < 2; turn++) expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
    expect(bench().commitsOf(upload.target)).toHaveLength(lostRequests + 1);
  });

  it.each([
    ["first byte", () => 1],
    ["first two thirds", (size: number) => Math.floor((size * 2) / 3)],
    ["bytes but the last", (size: number) => size - 1],
  ])("and its %s left: the next one puts the rest right", async (_what, lengthOf) => {
    using upload = await lost(behaviour);
    await bench().place(upload.target, upload.bytes.subarray(0, lengthOf(upload.bytes.length)));
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["another file", ({ length }) => contentOf(length, "another")],
    ["another, shorter file", () => contentOf(1_000, "another")],
    ["a file that differs in its last byte", (bytes) => withByte(bytes, bytes.length - 1)],
    ["a file that differs in its first byte", (bytes) => withByte(bytes, 0)],
    ["a file that begins as ours and is longer", (bytes) => Buffer.concat([bytes, Buffer.from("+")])],
  ])("and %s there meanwhile: 403, and it stays as it is (ruling 13)", async (_what, other) => {
    using upload = await lost(behaviour);
    const theirs = other(upload.bytes);
    await bench().place(upload.target, theirs);
    const expected = { ...FORBIDDEN, sessionId: upload.sessionId };
    for (let turn = 0; turn < 3; turn++) expectAck(await upload.close(), expected);
    await bench().expectPublished(upload.target, theirs);
  });
});

describe("An origin that keeps the file and breaks the connection (ruling 19)", () => {
  it("has the upload: the next Close-Session finds it", async () => {
    using upload = await bench().beginWhole(SIZE);
    bench().origin.queue({ kind: "close", store: true });
    expectAck(await upload.close(), { ...ofApplication(502, "0x80072EFE"), sessionId: upload.sessionId });
    await bench().expectPublished(upload.target, upload.bytes);
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
    const keys = bench()
      .commitsOf(upload.target)
      .map(({ headers }) => headers["idempotency-key"]);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });

  it("is found also after errors in between", async () => {
    using upload = await bench().beginWhole(SIZE);
    bench().origin.queue({ kind: "close", store: true }, answer(500), answer(503));
    for (let turn = 0; turn < 3; turn++) expect((await upload.close()).status).toBeGreaterThanOrEqual(500);
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it("is found where the file is empty", async () => {
    using upload = await bench().begin(0);
    expectAck(await upload.send(), { sessionId: upload.sessionId, offset: 0 });
    bench().origin.queue({ kind: "close", store: true });
    expectAck(await upload.close(), { ...ofApplication(502, "0x80072EFE"), sessionId: upload.sessionId });
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, Buffer.alloc(0));
  });
});

describe("After an answer that refused, where no file may be overwritten (rulings 13 and 17)", () => {
  it("the file is found where the origin had kept it all the same", async () => {
    using upload = await refused({ kind: "store-then-answer", status: 500 });
    await bench().expectPublished(upload.target, upload.bytes);
    expectAck(await upload.close(), upload.done);
    await bench().expectPublished(upload.target, upload.bytes);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["another file", () => contentOf(SIZE, "another")],
    ["a file that differs in its last byte", (bytes) => withByte(bytes, SIZE - 1)],
    ["a file that begins as ours and is longer", (bytes) => Buffer.concat([bytes, Buffer.from("+")])],
  ])("%s that has appeared stays as it is: 403", async (_, other) => {
    using upload = await refused(answer(500));
    const theirs = other(upload.bytes);
    await bench().place(upload.target, theirs);
    for (let turn = 0; turn < 2; turn++) {
      expectAck(await upload.close(), { ...FORBIDDEN, sessionId: upload.sessionId });
    }
    await bench().expectPublished(upload.target, theirs);
  });
});

describe("An application that was told and did not answer (ruling 19)", () => {
  it.each(BREAKS)("because of %s is told again, with the same key", async (_, behaviour) => {
    using upload = await lost(behaviour, "/notify/");
    const lostRequests = bench().commitsOf(upload.target).length;
    expectAck(await upload.close(), upload.done);
    const told = bench().commitsOf(upload.target);
    expect(told.map(({ headers }) => headers["idempotency-key"])).toEqual(
      Array(lostRequests + 1).fill(told[0]?.headers["idempotency-key"]),
    );
    await bench().expectPublished(upload.target, upload.bytes);
  });
});

/** A complete upload whose first commit was tried, and nobody knows what the origin did. */
async function lost(behaviour: OriginBehaviour, directory = "/uploads/"): Promise<Upload> {
  const isSilent = behaviour.kind === "hang";
  const where = isSilent ? directory.replace("/", "/impatient-") : directory;
  const upload = await bench().beginWhole(sizeFor(behaviour), { directory: where });
  const expected = isSilent ? ofApplication(504, "0x80072EE2") : ofApplication(502, "0x80072EFE");
  const ack = await bench().origin.behaving(behaviour, async () => upload.close());
  expectAck(ack, { ...expected, sessionId: upload.sessionId });
  await bench().untilLogged("commit-ended", upload);
  return upload;
}

/** A complete upload whose first commit the origin answered with 500. */
async function refused(behaviour: QueuedBehaviour): Promise<Upload> {
  const upload = await bench().beginWhole(SIZE);
  bench().origin.queue(behaviour);
  expectAck(await upload.close(), { ...ofApplication(500), sessionId: upload.sessionId });
  return upload;
}

function withByte(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}
