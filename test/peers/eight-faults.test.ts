import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Bench, type Upload } from "../faults/bench.ts";
import { FaultyOrigin } from "../faults/faulty-origin.ts";
import { ask, READ_TOKEN, TOKEN } from "../operator/seat-client.ts";
import { type EdgeOptions, startEdge } from "../support/edge.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runCommand } from "../tools/command-line.ts";
import { SmallDisk } from "./origins/small-disk.ts";
import { DEPLOY } from "./gateway.ts";
import { promtool } from "./promtool.ts";

/**
 * Somebody puts faults into a running edge and looks for each where an operator would: on the page, in what Prometheus makes of
 * the edge's own metrics by the shipped alerts, and in what `bits-edge doctor` says. A gateway that buffers, the eighth, is found by doctor
 * alone (doctor.test.ts).
 */
const MEBIBYTE = 1 << 20;
const CERTIFICATES = join(import.meta.dirname, "..", "fixtures", "certificates");
const DIRECTORIES = [
  { path: "/files/" },
  { path: "/hold/", notification: "by-value", notification_url: "/receive.ashx", unknown_outcome: "hold" },
];

async function startBench(vars: EdgeOptions["vars"] = {}, storage?: string): Promise<Bench> {
  const origin = await FaultyOrigin.start();
  const own = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: DIRECTORIES, SESSION_OBJECTS: 1 };
  const secrets = { OPERATOR_TOKEN: TOKEN, OPERATOR_READ_TOKEN: READ_TOKEN };
  const place = storage === undefined ? {} : { storage };
  const bench = new Bench(await startEdge({ vars: { ...own, ...vars }, secrets, ...place }), origin);
  onTestFinished(async () => bench.stop());
  return bench;
}

/** A whole upload, and its Close-Session again and again. */
async function closeOften(bench: Bench, directory = "/files/"): Promise<Upload> {
  const upload = await bench.beginWhole(3 * MEBIBYTE, { directory });
  for (let turn = 0; turn < 3; turn += 1) await upload.close();
  return upload;
}

/** A fault: how it is put in, and what an operator sees of it. */
interface Fault {
  readonly name: string;
  readonly put: () => Promise<{ readonly bench: Bench; readonly upload: Upload; readonly before: string }>;
  readonly page: RegExp;
  readonly session: RegExp;
  readonly alert: string | null;
  readonly doctor: RegExp;
}

const FAULTS: readonly Fault[] = [
  {
    name: "the origin is down",
    async put() {
      const bench = await startBench();
      const before = await metricsOf(bench);
      await bench.origin.refuse();
      return { bench, before, upload: await closeOften(bench) };
    },
    page: /The origin takes nothing: 3 attempts failed/,
    session: /The application cannot be reached/,
    alert: "BitsEdgeOriginSilent",
    doctor: /origin bad: the edge does not reach its origin.*Start the origin/,
  },
  {
    name: "the origin is slow",
    async put() {
      const bench = await startBench();
      const before = await metricsOf(bench);
      const { promise: end, resolve } = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      bench.origin.fault = async ({ deliver, socket }) => {
        const answer = await deliver();
        begun.resolve();
        await end;
        socket.end(answer);
      };
      const upload = await bench.beginWhole(MEBIBYTE, { directory: "/files/" });
      const closed = upload.close();
      onTestFinished(async () => {
        resolve();
        await closed;
      });
      await begun.promise;
      return { bench, before, upload };
    },
    page: /Waiting for the origin 1/,
    session: /Handing over The application is being given the upload/,
    alert: null, // after five minutes, in a world of alerts.test.yml: BitsEdgeOriginSlow
    doctor: /^$/,
  },
  {
    name: "the application's disk is full",
    async put() {
      const bench = await startBench();
      const before = await metricsOf(bench);
      bench.origin.fault = ({ socket }) =>
        void socket.end("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n");
      return { bench, before, upload: await closeOften(bench) };
    },
    page: /The origin takes nothing: 3 attempts failed/,
    session: /The application said 507: disk full/,
    alert: "BitsEdgeApplicationFails",
    doctor: /^$/,
  },
  {
    name: "the origin's certificate is wrong",
    async put() {
      const [cert, key] = await Promise.all(
        ["self-signed.pem", "key.pem"].map(async (name) => await readFile(join(CERTIFICATES, name))),
      );
      const server = createServer({ cert, key });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(() => void server.close());
      const address = server.address();
      const port = typeof address === "object" ? address?.port : "";
      const bench = await startBench({ ORIGIN_URL: `https://localhost:${port}` });
      const before = await metricsOf(bench);
      return { bench, before, upload: await closeOften(bench) };
    },
    page: /The origin takes nothing: 3 attempts failed/,
    session: /The application cannot be reached/,
    alert: "BitsEdgeOriginSilent",
    doctor: /origin bad: the edge's origin takes connections, and TLS with it fails.*certificate/,
  },
  {
    name: "a client goes in circles",
    async put() {
      const bench = await startBench();
      const before = await metricsOf(bench);
      const upload = await bench.begin(10_000, { directory: "/files/" });
      await upload.send(0, 1_000);
      for (let turn = 0; turn < 15; turn += 1) await upload.send(5_000, 6_000);
      return { bench, before, upload };
    },
    page: /A client goes in circles: 15 packets of 127\.0\.0\.1 .* a gap/,
    session: /from byte 1,000 on/,
    alert: "BitsEdgeClientsLoop",
    doctor: /^$/,
  },
  {
    name: "an upload is held",
    async put() {
      const bench = await startBench();
      const before = await metricsOf(bench);
      bench.origin.fault = async ({ deliver, socket }) => {
        await deliver();
        socket.destroy();
      };
      return { bench, before, upload: await closeOften(bench, "/hold/") };
    },
    page: /1 upload is held: nobody knows whether the application has it, and you decide/,
    session: /Release You say whether the application has the upload/,
    alert: "BitsEdgeUploadsHeld",
    doctor: /^$/,
  },
  {
    name: "the edge's disk is full",
    async put() {
      const folder = await mkdtemp(join(temporaryFolder(), "bits-edge-full-"));
      const disk = await SmallDisk.mount(folder, "64m");
      onTestFinished(async () => {
        await disk[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      });
      const bench = await startBench({}, join(folder, "storage"));
      const before = await metricsOf(bench);
      const upload = await bench.begin(100 * MEBIBYTE, { directory: "/files/" });
      let status = 200;
      for (let at = 0; status === 200; at += 8 * MEBIBYTE)
        ({ status } = await upload.send(at, at + 8 * MEBIBYTE));
      return { bench, before, upload };
    },
    page: /The edge's disk is full: 1 Fragment found no room\. Make room/,
    session: /Receiving Bytes are still missing/,
    alert: "BitsEdgeDiskFull",
    doctor: /the disk is full.*Make room on the disk of the edge's state folder/s,
  },
];

describe.each(FAULTS)("When $name", ({ put, page, session, alert, doctor }) => {
  test("it is found, with its cause and its cure, from the page, the alerts and doctor", async () => {
    const { bench, upload, before } = await put();
    expect(await seen(bench, "")).toMatch(page);
    expect(await seen(bench, `session/${upload.sessionName}`)).toMatch(session);
    const firing = await firingAfter(before, await metricsOf(bench));
    if (alert !== null) expect(firing).toContain(alert);
    expect(await complaints(`${bench.edge.tcpUrl}/files/`)).toMatch(doctor);
  });
});

async function metricsOf({ edge }: Bench): Promise<string> {
  return await look(edge, "metrics", { token: READ_TOKEN });
}

/** On a full disk an object that was to store something begins anew: whoever asks just then is told to come again. */
async function look(
  edge: Bench["edge"],
  ...asked: [path: string, how: Parameters<typeof ask>[2]]
): Promise<string> {
  return await eventually(async () => {
    const { status, text } = await ask(edge, ...asked);
    if (status !== 200) throw new Error(`${status} ${text}`);
    return text;
  });
}

/** A screen as it is read. */
async function seen({ edge }: Bench, path: string): Promise<string> {
  const text = await look(edge, path, { headers: { Accept: "text/html" } });
  return text
    .replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]+>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll(/\s+/g, " ");
}

/** What doctor finds wrong at this URL. */
async function complaints(url: string): Promise<string> {
  const end = await runCommand(["doctor", "--json", url]);
  const [said] = end.events as unknown as { findings: Record<string, string>[] }[];
  return (said?.findings ?? [])
    .filter(({ mark }) => mark === "bad" || mark === "doubtful")
    .map(({ step, mark, says, means, advice }) => `${step} ${mark}: ${says} ${means} ${advice}`)
    .join("\n");
}

/** Alerts that fire within the hour in which what has happened between two scrapes happens every ten minutes. */
async function firingAfter(before: string, after: string): Promise<string[]> {
  const folder = await mkdtemp(join(temporaryFolder(), "bits-edge-alerts-"));
  onTestFinished(async () => rm(folder, { recursive: true }));
  const earlier = seriesIn(before);
  const series = [...seriesIn(after)].map(([name, value]) => ({
    series: name.includes("{")
      ? name.replace("{", '{job="bits-edge",instance="edge:8080",')
      : `${name}{job="bits-edge",instance="edge:8080"}`,
    values: /_(?:total|bucket|sum|count)(?:\{|$)/.test(name)
      ? `${earlier.get(name) ?? 0}+${(value - (earlier.get(name) ?? 0)) / 10}x60`
      : `${value}x60`,
  }));
  const question = { expr: 'ALERTS{alertstate="firing"}', eval_time: "45m", exp_samples: [] };
  const world = {
    rule_files: [join(DEPLOY, "observability", "alerts.yml")],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: [...series, { series: 'up{job="bits-edge",instance="edge:8080"}', values: "1x60" }],
        promql_expr_test: [question],
      },
    ],
  };
  await writeFile(join(folder, "world.test.yml"), JSON.stringify(world)); // JSON is YAML
  // promtool prints what fires where nothing was expected to.
  const said = await promtool(folder, "test", "rules", "world.test.yml").catch(String);
  return [...said.matchAll(/alertname="(\w+)"/g)].map(([, name = ""]) => name);
}

function seriesIn(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}
