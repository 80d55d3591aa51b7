import { expect, test } from "vitest";
import { formatMetrics } from "../../src/operator/metrics-text.ts";
import { count, type Growth, observe, sendGrowth, seriesOf } from "../../src/runtime/metrics.ts";

/** What was counted since the last time. */
async function grown(): Promise<Growth> {
  let given: Growth = {};
  await sendGrowth(() => ({ grow: async (growth) => void (given = growth) }), true);
  return given;
}

test("labels are escaped as the text format asks for", () => {
  expect(seriesOf("a", {})).toBe("a");
  expect(seriesOf("a", { one: 1, two: 'say "\\"\n' })).toBe('a{one="1",two="say \\"\\\\\\"\\n"}');
});

test("a duration is in its bucket and in all larger ones; each bucket is there", async () => {
  await grown();
  observe("bitsedge_commit_duration_seconds", { directory: "/u/" }, 7);
  const found = await grown();
  const buckets = Object.entries(found).filter(([series]) => series.includes("_bucket"));
  expect(buckets.map(([, value]) => value)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  expect(found['bitsedge_commit_duration_seconds_sum{directory="/u/"}']).toBe(7);
  expect(found['bitsedge_commit_duration_seconds_count{directory="/u/"}']).toBe(1);
});

test("what could not be sent on is sent the next time, with what came since", async () => {
  await grown();
  count("bitsedge_received_bytes_total", { directory: "/u/" }, 5);
  await sendGrowth(() => ({ grow: async () => Promise.reject(new Error("the object was reset")) }), true);
  count("bitsedge_received_bytes_total", { directory: "/u/" }, 7);
  expect(await grown()).toEqual({ 'bitsedge_received_bytes_total{directory="/u/"}': 12 });
});

test("counts are sent on in one go, and not again soon", async () => {
  await grown();
  let times = 0;
  for (let packet = 0; packet < 100; packet++) {
    count("bitsedge_received_bytes_total", { directory: "/u/" });
    await sendGrowth(() => ({ grow: async () => void (times += 1) }));
  }
  expect(times).toBe(0); // `grown` has just sent
  expect(await grown()).toEqual({ 'bitsedge_received_bytes_total{directory="/u/"}': 100 });
});

test("series stand below their metric's description, and what is none is left out", () => {
  const text = formatMetrics({
    'bitsedge_commit_duration_seconds_count{directory="/u/"}': 1,
    bitsedge_tcp_connections: 3,
    'bitsedge_commit_duration_seconds_sum{directory="/u/"}': 0.25,
    of_an_older_edge: 1,
  });
  expect(text.split("\n").map((line) => line.replace(/(# HELP \S+) .*/, "$1"))).toEqual([
    "# HELP bitsedge_commit_duration_seconds",
    "# TYPE bitsedge_commit_duration_seconds histogram",
    'bitsedge_commit_duration_seconds_count{directory="/u/"} 1',
    'bitsedge_commit_duration_seconds_sum{directory="/u/"} 0.25',
    "# HELP bitsedge_tcp_connections",
    "# TYPE bitsedge_tcp_connections gauge",
    "bitsedge_tcp_connections 3",
    "",
  ]);
});
