import type { ChildProcess } from "node:child_process";
import { appendFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { cancelSession } from "../support/bits-client.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { lastOf, useUploadBench } from "./upload-bench.ts";
import { Way } from "./upload-way.ts";
import { eventually } from "../support/eventually.ts";

vi.setConfig({ testTimeout: 60_000 });

const MEBIBYTE = 1024 * 1024;
const bench = useUploadBench([{ path: "/uploads/" }]);

describe("A way that breaks", () => {
  test("by resets inside Fragments, again and again: the file arrives once and whole", async () => {
    const { path, name, bytes } = await bench().file(9 * MEBIBYTE + 77);
    const cuts = [200_000, 900_001, 700_000, 2_500_000];
    await using way = await Way.open(bench().edge.tcpPort, (connection) => {
      const cutAfter = cuts[connection];
      return cutAfter === undefined ? {} : { cutAfter };
    });
    const end = await bench().run([path, `${way.url}/uploads/`]);
    expect(end, end.stderr).toMatchObject({ code: 0 });
    expect(way.connections).toBe(cuts.length + 1);
    expect(lastOf(end, "uploaded")).toMatchObject({ bytes: bytes.length, sessions: 1 });
    await bench().expectArrived(`/uploads/${name}`, bytes);
  });

  test("by the death of the edge: it goes on when the edge is back", async () => {
    const { path, name, bytes } = await bench().file(6 * MEBIBYTE);
    await using way = await Way.open(bench().edge.tcpPort, (connection) =>
      connection === 0 ? { stallAfter: 3 * MEBIBYTE } : {},
    );
    const running = bench().start([path, `${way.url}/uploads/`]);
    await way.untilStalled();
    await bench().edge.kill();
    await bench().edge.restart();
    const end = await running.end;
    expect(end, end.stderr).toMatchObject({ code: 0 });
    expect(lastOf(end, "uploaded")).toMatchObject({ sessions: 1 });
    await bench().expectArrived(`/uploads/${name}`, bytes);
  });
});

describe("A client that is killed", () => {
  test("inside a Fragment goes on where the server was, when it is started again", async () => {
    const { path, name, bytes } = await bench().file(8 * MEBIBYTE);
    await using way = await Way.open(bench().edge.tcpPort, (connection) =>
      connection === 0 ? { stallAfter: 5 * MEBIBYTE } : {},
    );
    const first = bench().start([path, `${way.url}/uploads/`]);
    await way.untilStalled();
    first.kill();
    expect(await first.end).toMatchObject({ code: null });

    const second = await bench().run([path, `${way.url}/uploads/`]);
    expect(second, second.stderr).toMatchObject({ code: 0 });
    expect(lastOf(second, "session")).toBeUndefined();
    expect(lastOf(second, "uploaded")).toMatchObject({ sessions: 1 });
    expect(Number(lastOf(second, "uploaded")?.["sentBytes"])).toBeLessThan(bytes.length);
    await bench().expectArrived(`/uploads/${name}`, bytes);
  });

  test("while Close-Session waits for the origin: the origin is asked once, and the second run hears 200", async () => {
    const { path, name, bytes } = await bench().file(100_000);
    bench().origin.queue({ kind: "delay", milliseconds: 1_500 });
    const first = bench().start([path, `${bench().edge.tcpUrl}/uploads/`]);
    await bench().origin.waitFor(({ method, url }) => method === "PUT" && url === `/uploads/${name}`);
    first.kill();
    await first.end;

    const second = await bench().run([path, `${bench().edge.tcpUrl}/uploads/`]);
    expect(second, second.stderr).toMatchObject({ code: 0 });
    expect(lastOf(second, "uploaded")).toMatchObject({ sentBytes: 0, sessions: 1 });
    await bench().expectArrived(`/uploads/${name}`, bytes);
  });

  test("by Ctrl-C says 130, and the same command goes on", async () => {
    const { path, name, bytes } = await bench().file(4 * MEBIBYTE);
    await using way = await Way.open(bench().edge.tcpPort, (connection) =>
      connection === 0 ? { stallAfter: 2 * MEBIBYTE } : {},
    );
    const first = bench().start([path, `${way.url}/uploads/`]);
    await way.untilStalled();
    first.child.kill("SIGINT");
    expect(await first.end).toMatchObject({ code: 130, stderr: "" });

    const second = await bench().run([path, `${way.url}/uploads/`]);
    expect(second, second.stderr).toMatchObject({ code: 0 });
    await bench().expectArrived(`/uploads/${name}`, bytes);
  });
});

test("Two of them do not upload one file at a time: the second says so and leaves, with exit code 3", async () => {
  const { path } = await bench().file(4 * MEBIBYTE);
  await using way = await Way.open(bench().edge.tcpPort, () => ({ stallAfter: MEBIBYTE }));
  const first = bench().start([path, `${way.url}/uploads/`]);
  await way.untilStalled();
  const second = await bench().run([path, `${way.url}/uploads/`]);
  expect(second).toMatchObject({ code: 3 });
  expect(lastOf(second, "failed")?.["because"]).toContain("Another bits-edge");
  first.kill();
  await first.end;
});

test("A session that the server has forgotten is begun anew ([MC-BUP] 3.1.5.2.1)", async () => {
  const { path, name, bytes } = await bench().file(4 * MEBIBYTE);
  await using way = await Way.open(bench().edge.tcpPort, (connection) =>
    connection === 0 ? { cutAfter: 2 * MEBIBYTE } : {},
  );
  const running = bench().start([path, `${way.url}/uploads/`, "--retry-delay", "1"]);
  const session = await sessionOf(running.child);
  await vi.waitFor(() => expect(way.bytes).toBeGreaterThanOrEqual(2 * MEBIBYTE), 20_000);
  using connection = await RawConnection.open("127.0.0.1", bench().edge.tcpPort);
  expect(await cancelSession(connection, `/uploads/${name}`, session)).toMatchObject({ status: 200 });
  const end = await running.end;
  expect(end, end.stderr).toMatchObject({ code: 0 });
  expect(lastOf(end, "uploaded")).toMatchObject({ sessions: 2 });
  await bench().expectArrived(`/uploads/${name}`, bytes);
});

test("A file that is written to meanwhile is not called whole: its session is cancelled, exit code 1", async () => {
  const { path, name } = await bench().file(4 * MEBIBYTE);
  await using way = await Way.open(bench().edge.tcpPort, (connection) =>
    connection === 0 ? { stallAfter: 2 * MEBIBYTE } : {},
  );
  const running = bench().start([path, `${way.url}/uploads/`]);
  await way.untilStalled();
  await appendFile(path, "more");
  way.cut();
  const end = await running.end;
  expect(end).toMatchObject({ code: 1 });
  expect(lastOf(end, "failed")?.["because"]).toContain("changed while it was being uploaded");
  expect(bench().origin.requests.some(({ method, url }) => method === "PUT" && url.endsWith(name))).toBe(
    false,
  );
  await eventually(() => {
    const events = bench().edge.logs.map(({ json }) => json);
    expect(events).toContainEqual(
      expect.objectContaining({ event: "cancelled", destination: `/uploads/${name}` }),
    );
  });
});

test("--cancel gives up what was kept, here and at the server", async () => {
  const { path, name } = await bench().file(4 * MEBIBYTE);
  await using way = await Way.open(bench().edge.tcpPort, (connection) =>
    connection === 0 ? { stallAfter: 2 * MEBIBYTE } : {},
  );
  const first = bench().start([path, `${way.url}/uploads/`]);
  await way.untilStalled();
  first.kill();
  await first.end;
  const cancelled = await bench().run(["--cancel", path, `${way.url}/uploads/`]);
  expect(cancelled, cancelled.stderr).toMatchObject({ code: 0 });
  await eventually(() =>
    expect(bench().edge.logs.map(({ json }) => json)).toContainEqual(
      expect.objectContaining({ event: "cancelled", destination: `/uploads/${name}` }),
    ),
  );
  expect(await bench().run(["--cancel", path, `${way.url}/uploads/`])).toMatchObject({ code: 1 });
});

/** The id of the session as the command tells it; its output is still read by others. */
async function sessionOf(child: ChildProcess): Promise<string> {
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  for (;;) {
    const session = /"session":"([^"]+)"/.exec(said)?.[1];
    if (session !== undefined) return session;
    await pause(10);
  }
}
