import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Bench } from "../faults/bench.ts";
import { FaultyOrigin } from "../faults/faulty-origin.ts";
import { startServedEdge } from "../deploy/served-edge.ts";
import { ask, READ_TOKEN, TOKEN } from "../operator/seat-client.ts";
import { startEdge } from "../support/edge.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { useRig } from "../support/rig.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { DEPLOY } from "./gateway.ts";
import { programPath, searchPath } from "./installed.ts";
import { MEASURED } from "./measured.ts";
import { promtoolReading } from "./promtool.ts";

const bench = useRig(async () => {
  const origin = await FaultyOrigin.start();
  const vars = {
    ORIGIN_URL: origin.url,
    UPLOAD_DIRECTORIES: [{ path: "/files/" }],
    SESSION_OBJECTS: 1,
  };
  const secrets = { OPERATOR_TOKEN: TOKEN, OPERATOR_READ_TOKEN: READ_TOKEN };
  return new Bench(await startEdge({ vars, secrets }), origin);
});

/** One upload that the application has, after it was full, and one that waits for it. */
async function makeHistory(): Promise<void> {
  const done = await bench().beginWhole(100_000, { directory: "/files/" });
  const waits = await bench().beginWhole(1_000, { directory: "/files/" });
  bench().origin.fault = ({ socket }) =>
    void socket.end("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n");
  for (const upload of [done, waits]) expect((await upload.close()).status).toBe(507);
  bench().origin.fault = null;
  expect((await done.close()).status).toBe(200);
}

test("Prometheus' linter has nothing to say of the metrics", async () => {
  await makeHistory();
  const { text } = await ask(bench().edge, "metrics");
  expect(text).toContain("bitsedge_commits_total");
  expect(await promtoolReading(text, "check", "metrics")).toBe("");
});

test("nor of those of an edge that knows its machine", async () => {
  const state = await mkdtemp(join(temporaryFolder(), "bits-edge-served-"));
  const env = { ORIGIN_URL: bench().origin.url, UPLOAD_DIRECTORIES: "[]", OPERATOR_READ_TOKEN: READ_TOKEN };
  const edge = await startServedEdge(["--http", "0", "--tcp", "0", "--state", state], env);
  try {
    const httpUrl = `http://127.0.0.1:${edge.ports.http}`;
    const { text } = await ask({ httpUrl }, "metrics", { token: READ_TOKEN });
    for (const name of MEASURED)
      if (/^process|disk|state_bytes/.test(name)) expect(text).toContain(`\n${name} `);
    expect(await promtoolReading(text, "check", "metrics")).toBe("");
  } finally {
    await edge.program.end("SIGTERM");
    await rm(state, { recursive: true });
  }
});

test("Prometheus scrapes an edge by the shipped job and finds its figures", async () => {
  await makeHistory();
  const folder = await mkdtemp(join(temporaryFolder(), "bits-edge-prometheus-"));
  const shipped = await readFile(join(DEPLOY, "observability", "prometheus.yml"), "utf8");
  const job = shipped
    .replace("- alerts.yml", `- ${join(DEPLOY, "observability", "alerts.yml")}`)
    .replace("scrape_interval: 30s", "scrape_interval: 1s")
    .replace("127.0.0.1:8080", new URL(bench().edge.httpUrl).host);
  await writeFile(join(folder, "prometheus.yml"), job);
  await writeFile(join(folder, "bits-edge-token"), READ_TOKEN);
  const address = `127.0.0.1:${await freePort()}`;
  const options = [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${address}`,
    "--log.level=error",
  ];
  const prometheus = spawn(programPath("prometheus"), options, { env: searchPath(), stdio: "ignore" });
  const ended = new Promise((resolve) => prometheus.on("close", resolve));
  try {
    const value = async (query: string): Promise<number> => {
      const response = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(query)}`);
      const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
      return Number(data.result[0]?.value[1]);
    };
    await eventually(async () => {
      expect(await value('up{job="bits-edge"}')).toBe(1);
      expect(await value('bitsedge_commits_total{outcome="accepted"}')).toBeGreaterThan(0);
      expect(await value('bitsedge_sessions{state="failed"}')).toBeGreaterThan(0);
      expect(await value("bitsedge_oldest_waiting_seconds")).toBeGreaterThan(0);
      expect(await value("histogram_quantile(0.5, bitsedge_commit_duration_seconds_bucket)")).toBeGreaterThan(
        0,
      );
    });
  } finally {
    prometheus.kill();
    await ended;
    await rm(folder, { recursive: true });
  }
});
