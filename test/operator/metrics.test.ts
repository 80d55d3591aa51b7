import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { METRICS } from "../../src/runtime/metrics.ts";
import { VERSION } from "../../src/runtime/version.ts";
import { Bench } from "../faults/bench.ts";
import { FaultyOrigin } from "../faults/faulty-origin.ts";
import { startEdge } from "../support/edge.ts";
import { eventually } from "../support/eventually.ts";
import { useRig } from "../support/rig.ts";
import { ask, READ_TOKEN, TOKEN } from "./seat-client.ts";

test("the version that runs is the package's", async () => {
  const text = await readFile(join(import.meta.dirname, "..", "..", "package.json"), "utf8");
  expect((JSON.parse(text) as { version: string }).version).toBe(VERSION);
});

/** With all sessions in one object; and with an object for each, and an index. */
describe.each([1, 0])("The figures of an edge with SESSION_OBJECTS = %d", (SESSION_OBJECTS) => {
  const bench = useRig(async () => {
    const origin = await FaultyOrigin.start();
    const vars = {
      ORIGIN_URL: origin.url,
      UPLOAD_DIRECTORIES: [{ path: "/files/" }],
      SESSION_OBJECTS,
      MAXIMUM_CONNECTIONS: 500,
    };
    const secrets = { OPERATOR_TOKEN: TOKEN, OPERATOR_READ_TOKEN: READ_TOKEN };
    return new Bench(await startEdge({ vars, secrets }), origin);
  });

  /** Every series, and its value. */
  async function figures(): Promise<Map<string, number>> {
    const { status, text, headers } = await ask(bench().edge, "metrics", { token: READ_TOKEN });
    expect([status, headers.get("Content-Type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(
      lines.map((line) => {
        const end = line.lastIndexOf(" ");
        return [line.slice(0, end), Number(line.slice(end + 1))];
      }),
    );
  }

  test("count Acks, bytes, attempts and what came of them, and go on after a restart", async () => {
    const upload = await bench().beginWhole(300_000, { directory: "/files/", fragmentBytes: 100_000 });
    const open = await bench().begin(1_000, { directory: "/files/" });
    await open.send(0, 500);
    bench().origin.fault = ({ socket }) =>
      void socket.end("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n");
    expect((await upload.close()).status).toBe(507);
    bench().origin.fault = null;
    expect((await figures()).get('bitsedge_sessions{directory="/files/",state="failed"}')).toBe(1);
    expect((await figures()).get("bitsedge_oldest_waiting_seconds")).toBeGreaterThan(0);
    expect((await upload.close()).status).toBe(200);

    const expected = {
      'bitsedge_acks_total{packet="Create-Session",status="200",fault="none"}': 2,
      'bitsedge_acks_total{packet="Fragment",status="200",fault="none"}': 4,
      'bitsedge_acks_total{packet="Close-Session",status="507",fault="applicationRefused"}': 1,
      'bitsedge_acks_total{packet="Close-Session",status="200",fault="none"}': 1,
      'bitsedge_received_bytes_total{directory="/files/"}': 300_500,
      'bitsedge_commits_total{directory="/files/",outcome="applicationRefused"}': 1,
      'bitsedge_commits_total{directory="/files/",outcome="accepted"}': 1,
      'bitsedge_committed_bytes_total{directory="/files/"}': 300_000,
      'bitsedge_commit_duration_seconds_count{directory="/files/"}': 2,
      'bitsedge_commit_duration_seconds_bucket{directory="/files/",le="+Inf"}': 2,
      'bitsedge_upload_duration_seconds_count{directory="/files/"}': 1,
      'bitsedge_sessions{directory="/files/",state="receiving"}': 1,
      'bitsedge_sessions{directory="/files/",state="committed"}': 1,
      // A session that is over is asked no more where it has an object of its own.
      bitsedge_receiving_sessions: SESSION_OBJECTS === 0 ? 1 : 2,
      bitsedge_oldest_waiting_seconds: 0,
      bitsedge_tcp_connections_limit: 500,
      [`bitsedge_info{version="${VERSION}"}`]: 1,
    };
    const seen = await eventually(async () => {
      const now = await figures();
      expect(Object.fromEntries(Object.keys(expected).map((series) => [series, now.get(series)]))).toEqual(
        expected,
      );
      return now;
    });
    // What is open now is counted while it is.
    using connection = await bench().open();
    expect((await figures()).get("bitsedge_tcp_connections")).toBe(1);
    connection.destroy();
    await eventually(async () => expect((await figures()).get("bitsedge_tcp_connections")).toBe(0));

    await bench().edge.kill();
    await bench().edge.restart();
    const after = await figures();
    for (const [series, value] of seen)
      if (/_total\{|_count\{|_bucket\{|bitsedge_sessions\{/.test(series))
        expect(after.get(series), series).toBe(value);
  });

  test("are described, each kind once, and those that are described are all there are", async () => {
    const { text } = await ask(bench().edge, "metrics", { token: TOKEN });
    const described = Array.from(text.matchAll(/^# TYPE (\w+) (\w+)$/gm), ([, name, type]) => [name, type]);
    expect(new Set(described.map(([name]) => name)).size).toBe(described.length);
    for (const [name = "", type] of described)
      expect(METRICS[name as keyof typeof METRICS]).toMatchObject({ type });
  });

  test("are nobody's without a token, and at no other door", async () => {
    expect((await ask(bench().edge, "metrics", { token: null })).status).toBe(401);
    expect((await ask(bench().edge, "metrics", { token: "x".repeat(32) })).status).toBe(401);
    using connection = await bench().open();
    const request = `GET /_bits/metrics HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`;
    await connection.send(request);
    expect((await connection.readResponse()).status).toBe(404);
  });
});
