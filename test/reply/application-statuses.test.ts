import { describe, expect, it } from "vitest";
import { reactionTo } from "../../src/protocol/client-reaction.ts";
import { expectAck, ofApplication } from "../conformance/expect-ack.ts";
import { createSession } from "../support/bits-client.ts";
import { answer } from "../support/origin-behaviour.ts";
import { uploadFile } from "../support/upload-file.ts";
import { UploadRefused } from "../support/upload-outcome.ts";
import { patternSource } from "../support/upload-source.ts";
import { complete, useStage } from "./support.ts";

/** Words of the protocol in a Fragment's Ack: "send less" and "go on at the offset" ([MC-BUP] 3.1.5.2.4). */
const WORDS = [413, 416];
/** What passes by itself. */
const PASSING = [408, 423, 425, 429, 500, 501, 503, 505, 507];
const toldAs = (status: number): number =>
  ({ 408: 503, 423: 503, 425: 503, 429: 503, 501: 500, 505: 500 })[status] ?? status;

const stage = useStage(({ url }) => ({
  directories: [
    { path: "/reply/", notification: "by-value", notification_url: url, reply: true },
    { path: "/told-at-once/", notification: "by-value", notification_url: url, commit_on: "last-fragment" },
    { path: "/told/", notification: "by-value", notification_url: url },
    ...[...WORDS, ...PASSING].map((status) => ({
      path: `/asks-${status}/`,
      authorize: "origin",
      authorize_url: `/may-upload.ashx?${status}`,
    })),
  ],
  origin: {
    behave: ({ method, url: asked }) => {
      const status = /^\/may-upload\.ashx\?(\d+)$/.exec(asked)?.[1];
      return method === "HEAD" && status !== undefined ? answer(Number(status)) : undefined;
    },
  },
}));

describe.each(["/reply/", "/told-at-once/"])("The last Fragment's Ack in %s", (directory) => {
  it.each(WORDS)("is 403 where the application says %d, and the application is told once", async (status) => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory });
    application.answer(upload.target, { status });
    const refused = ofApplication(403, status);
    expectAck(await upload.send(), { ...complete(upload), ...refused });
    // Whatever a client makes of it, and a person who resumes the job: halves, a re-sent end, Close-Session.
    expectAck(await upload.send(1_000, 1_500), { sessionId: upload.sessionId, offset: 2_000, ...refused });
    expectAck(await upload.send(1_999), { ...complete(upload), ...refused });
    expectAck(await upload.close(), { ...refused, ...upload.done });
    expect(application.of(upload.target)).toHaveLength(1);
  });

  it.each(WORDS)("ends the job of a client that knows what %d means, after one delivery", async (status) => {
    const { bench, application } = stage();
    const target = bench.target(directory);
    application.answer(target, { status });
    const job = uploadFile(patternSource(2 << 20, target), `${bench.edge.tcpUrl}${target}`, { tries: 2 });
    await expect(job).rejects.toBeInstanceOf(UploadRefused);
    expect(application.of(target)).toHaveLength(1);
  });

  it.each(PASSING)("has the client come again where the application says %d", async (status) => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory });
    application.answer(upload.target, { status }, { status: 200 });
    const ack = await upload.send();
    expectAck(ack, { ...complete(upload), ...ofApplication(toldAs(status), status) });
    expect(reactionTo("Fragment", ack.status, ack.errorCode ?? null)).toBe("comes again");
    expect((await upload.send(1_999)).status).toBe(200);
    const keys = application.of(upload.target).map(({ headers }) => headers["idempotency-key"]);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });

  it("has no client start over, whatever code the application sends", async () => {
    const { bench, application } = stage();
    using upload = await bench.begin(2_000, { directory });
    application.answer(upload.target, { status: 500, headers: { "BITS-Error-Code": "0x8020001F" } });
    expectAck(await upload.send(), { ...complete(upload), ...ofApplication(500) });
  });
});

describe("Close-Session's Ack", () => {
  it.each(PASSING)("has the client come again where the application says %d", async (status) => {
    const { bench, application } = stage();
    using upload = await bench.beginWhole(2_000, { directory: "/told/" });
    application.answer(upload.target, { status }, { status: 200 });
    const ack = await upload.close();
    expectAck(ack, { ...ofApplication(toldAs(status), status), ...upload.done });
    expect(reactionTo("Close-Session", ack.status, ack.errorCode ?? null)).toBe("comes again");
    expectAck(await upload.close(), upload.done);
  });

  it.each(WORDS)("is 403 where the application says %d, and the application is told once", async (status) => {
    const { bench, application } = stage();
    using upload = await bench.beginWhole(2_000, { directory: "/told/" });
    application.answer(upload.target, { status });
    for (let turn = 0; turn < 2; turn++) {
      expectAck(await upload.close(), { ...ofApplication(403, status), ...upload.done });
    }
    expect(application.of(upload.target)).toHaveLength(1);
  });
});

it.each([...WORDS.map((status) => [status, 403]), ...PASSING.map((status) => [status, toldAs(status)])])(
  "Create-Session: the origin's %d to the question who may is the client's %d",
  async (status, told) => {
    const { bench } = stage();
    using connection = await bench.open();
    const ack = await createSession(connection, bench.target(`/asks-${status}/`));
    expectAck(ack, ofApplication(told, status));
  },
);
