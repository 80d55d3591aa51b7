import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startEdge } from "../support/edge.ts";
import { Bench, useBench } from "./bench.ts";
import { FaultyOrigin } from "./faulty-origin.ts";

/** What docs/guarantees.md says is not promised, so that it is known when it changes. */
const bench = useBench({
  vars: {
    UPLOAD_DIRECTORIES: [
      { path: "/files/" },
      { path: "/notify/", notification: "by-value", notification_url: "/receive.ashx" },
      {
        path: "/hold/",
        notification: "by-value",
        notification_url: "/receive.ashx",
        unknown_outcome: "hold",
      },
    ],
  },
});

it.each(["/files/", "/notify/"])(
  "a 200 to a small upload that was never read is believed (%s)",
  async (directory) => {
    const { origin } = bench();
    const upload = await bench().beginWhole(1_000, directory);
    // The bytes lie in the system's buffers, and to their sender that looks like having been taken.
    origin.fault = ({ socket }) =>
      void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    const { status } = await upload.close();
    origin.fault = null;
    expect(status).toBe(200);
    expect(await bench().published(upload.destination)).toBeUndefined();
  },
);

it("an application that is silent after it took an upload hears of it twice, with one key", async () => {
  const { origin } = bench();
  const upload = await bench().beginWhole(1_000, "/notify/");
  origin.fault = async ({ socket, deliver }) => {
    await deliver();
    socket.resetAndDestroy();
  };
  expect((await upload.close()).status).toBe(502);
  origin.fault = null;
  expect((await upload.close()).status).toBe(200);
  const commits = bench().commitsOf(upload.destination);
  expect(commits.map(({ status, repeated }) => [status, repeated])).toEqual([
    [200, false],
    [200, true],
  ]);
});

it('and not twice where unknown_outcome is "hold": the client is told 503 until the session expires', async () => {
  const { origin } = bench();
  const upload = await bench().beginWhole(1_000, "/hold/");
  origin.fault = async ({ socket, deliver }) => {
    await deliver();
    socket.resetAndDestroy();
  };
  for (let turn = 0; turn < 3; turn++) {
    const { status, errorContext } = await upload.close();
    expect([status, errorContext]).toEqual([503, 7]);
    origin.fault = null;
  }
  expect(bench().commitsOf(upload.destination)).toHaveLength(1);
});

it("… or until the operator says that it may be sent again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hold-"));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  const origin = await FaultyOrigin.start();
  onTestFinished(async () => origin.stop());
  const edgeThat = async (unknownOutcome: "hold" | "retry"): Promise<Bench> => {
    const directory = { path: "/hold/", notification: "by-value", notification_url: "/receive.ashx" };
    const vars = {
      ORIGIN_URL: origin.url,
      UPLOAD_DIRECTORIES: [{ ...directory, unknown_outcome: unknownOutcome }],
    };
    const secrets = { SESSION_KEY: "the same key in both lives of the edge" };
    const edge = await startEdge({ vars, secrets, storage: join(folder, "storage") });
    onTestFinished(async () => edge.stop());
    return new Bench(edge, origin);
  };
  const before = await edgeThat("hold");
  const upload = await before.beginWhole(1_000, "/hold/");
  origin.fault = ({ socket }) => void socket.resetAndDestroy();
  expect((await upload.close()).status).toBe(503);
  origin.fault = null;
  await before.edge.stop();
  const after = await edgeThat("retry");
  expect((await upload.at(after).close()).status).toBe(200);
  expect(after.commitsOf(upload.destination)).toHaveLength(1);
});

it("a gateway's 502 or 504 does not say what the application did: a hold directory waits (ruling 19)", async () => {
  const { origin } = bench();
  const upload = await bench().beginWhole(1_000, "/hold/");
  origin.fault = async ({ socket, deliver }) => {
    await deliver();
    socket.end("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n");
  };
  expect((await upload.close()).status).toBe(503);
  origin.fault = null;
  expect((await upload.close()).status).toBe(503);
  expect(bench().commitsOf(upload.destination)).toHaveLength(1);
});

it("any other error is believed: an application that took the upload and says 500 is told again", async () => {
  const { origin } = bench();
  const upload = await bench().beginWhole(1_000, "/hold/");
  origin.fault = async ({ socket, deliver }) => {
    await deliver();
    socket.end("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
  };
  expect((await upload.close()).status).toBe(500);
  origin.fault = null;
  expect((await upload.close()).status).toBe(200);
  expect(bench().commitsOf(upload.destination)).toHaveLength(2);
});

it("a file that an application keeps although it answers with an error is known again by its bytes", async () => {
  const { origin } = bench();
  const upload = await bench().beginWhole(1_000);
  origin.fault = async ({ socket, deliver }) => {
    await deliver();
    socket.end("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
  };
  expect((await upload.close()).status).toBe(500);
  origin.fault = null;
  expect((await upload.close()).status).toBe(200);
  expect((await bench().published(upload.destination))?.equals(upload.bytes)).toBe(true);
});
