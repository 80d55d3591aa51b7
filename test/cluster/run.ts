import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Application } from "../kill/application.ts";
import { check, checkAfterwards, type Finding } from "../kill/check.ts";
import { Client, type ClientReport, contentOf } from "../kill/client.ts";
import { KILL_DIRECTORIES } from "../kill/directories.ts";
import { planUpload } from "../kill/plan.ts";
import { Random } from "../kill/random.ts";
import { Sightings } from "../kill/round.ts";
import { count, list } from "../kill/tally.ts";
import { Cluster } from "./cluster.ts";
import { Faults } from "./faults.ts";
import { uploadLarge } from "./large.ts";
import { uploadPastStandstills } from "./standstill.ts";
import { uploadThroughTls } from "./through-tls.ts";
import { Waits } from "./waits.ts";

const HELP = `Edges on one bucket, behind HAProxy: uploads while edges are killed, stopped and frozen, and while the bucket is
late, fails, and is silent. Every guarantee is checked; how long uploads stood still is printed.

  node test/cluster/run.ts [--long] [--calm] [--instances 2] [--uploads 20] [--clients 8] [--divisor 4] [--seed text]
  node test/cluster/run.ts --large [--mebibytes 600] [--objects 0]

--long: 200 uploads, 3 edges, and the times of a real cluster: a lease of 20 s, a bucket that is silent for 30 s.
--calm: nothing happens to the cluster.
--divisor divides these times, so that a short run sees takeovers.
--large: instead of all this one large upload, while each of two edges is killed once.

The bucket is the simulator of R2. With AWS_ENDPOINT_URL in the environment it is the bucket "uploads" there.
`;

const { values } = parseArgs({
  options: {
    long: { type: "boolean", default: false },
    large: { type: "boolean", default: false },
    mebibytes: { type: "string", default: "600" },
    objects: { type: "string", default: "0" },
    calm: { type: "boolean", default: false },
    instances: { type: "string" },
    uploads: { type: "string" },
    clients: { type: "string", default: "8" },
    divisor: { type: "string" },
    seed: { type: "string", default: String(Date.now()) },
    help: { type: "boolean", default: false },
  },
});

/** An orphan is taken up within ten seconds after its edge's lease is over, and somebody has adopted its alarms. */
const ALARM_MILLISECONDS = 90_000;
/** Longer than all faults in a row. */
const PATIENCE_MILLISECONDS = 300_000;

if (values.help) process.stdout.write(HELP);
else if (values.large)
  process.exitCode = (await uploadLarge(Number(values.mebibytes), values.objects)) ? 0 : 1;
else process.exitCode = await run();

async function run(): Promise<number> {
  const { seed, long } = values;
  const uploads = Number(values.uploads ?? (long ? 200 : 20));
  const instances = Number(values.instances ?? (long ? 3 : 2));
  const divisor = Number(values.divisor ?? (long ? 1 : 4));
  const clients = Number(values.clients);
  process.stdout.write(
    `seed ${seed}: ${uploads} uploads by ${clients} clients, ${instances} edges, lease ${20 / divisor} s\n`,
  );

  const startedAt = performance.now();
  const elapsed = (): string => ((performance.now() - startedAt) / 1_000).toFixed(0);

  const sightings = new Sightings();
  const application = await Application.start(sightings.observe);
  const cluster = await Cluster.start({
    instances,
    originUrl: application.url,
    // A session of two seconds is over before an owner is replaced.
    directories: KILL_DIRECTORIES.map((settings) =>
      Object.assign({}, settings, { session_timeout_seconds: 300 }),
    ),
    divisor,
    observe: sightings.observe,
  });
  const reports: ClientReport[] = [];
  const faults = new Faults(
    cluster.instances,
    cluster.store,
    new Random(`${seed}/faults`),
    divisor,
    ({ fault, whom }) => process.stdout.write(`${elapsed()} s: ${fault} (${whom})\n`),
    () => reports.length,
  );
  const waits = new Waits(faults.happened);
  const endings = new Map<string, number>();
  try {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < uploads) {
        const turn = next;
        next += 1;
        const plan = planUpload(new Random(`${seed}/${turn}`), turn, 0, null);
        const report = await new Client(plan, {
          port: cluster.balancer.port,
          observe: waits.observe,
          content: contentOf(plan),
          splitAt: null,
          patienceMilliseconds: PATIENCE_MILLISECONDS,
        }).run();
        reports.push(report);
        count(endings, report.ending);
        process.stdout.write(`${elapsed()} s: ${reports.length} uploads\n`);
      }
    };
    process.stdout.write(`an upload through TLS: ${await uploadThroughTls(cluster.balancer)}\n`);
    const standstill = await uploadPastStandstills(cluster.instances, application);
    reports.push(standstill.report);
    count(endings, standstill.report.ending);
    process.stdout.write(`${elapsed()} s: an upload whose owner stood still: ${standstill.story}\n`);
    const troubled = values.calm ? Promise.resolve() : faults.run();
    await Promise.all(Array.from({ length: clients }, work));
    faults.end();
    await troubled;
    const findings = await judge(reports, application, cluster);
    process.stdout.write(
      [
        "",
        `uploads ${reports.length} in ${elapsed()} s, resumptions ${reports.reduce((sum, { resumed }) => sum + resumed, 0)}`,
        `endings: ${list(endings)}`,
        `edges that ended by themselves: ${cluster.instances.reduce((sum, one) => sum + one.endedByItself, 0)}`,
        `requests to the bucket: ${list(cluster.store.counts)}; ${Math.round(cluster.store.bytesWritten / 2 ** 20)} MiB written`,
        ...complaints(cluster.events.complaints),
        "time to go on:",
        ...waits.summary(),
        ...findings.lines,
        "",
      ].join("\n"),
    );
    return findings.broken === 0 ? 0 : 1;
  } finally {
    faults.end();
    await cluster.stop();
    await application.stop();
  }
}

/** Holds what the application has against what the clients sent and were told. */
async function judge(
  reports: readonly ClientReport[],
  application: Application,
  cluster: Cluster,
): Promise<{ broken: number; lines: string[] }> {
  const findings: Finding[] = [];
  const second = new Map<string, number>();
  let [compared, recognised] = [0, 0];
  const deadline = Date.now() + ALARM_MILLISECONDS;
  for (const report of reports) {
    const { destination, directory } = report.plan;
    const verdictOf = async () =>
      check(report, application.deliveriesOf(destination), cluster.events.of(destination));
    let verdict = await verdictOf();
    while (verdict.isAwaited && Date.now() < deadline) {
      await pause(100);
      verdict = await verdictOf();
    }
    findings.push(...verdict.findings);
    if (verdict.isAwaited) {
      const problem = "a commit that had begun was never finished";
      findings.push({ destination, sessions: report.sessionIds, problem });
    }
    compared += verdict.compared;
    recognised += verdict.recognised;
    if (verdict.secondDeliveries > 0) count(second, directory, verdict.secondDeliveries);
    if (verdict.findings.length === 0) await application.forget(destination);
  }
  for (const report of reports) {
    const late = checkAfterwards(report, application.deliveriesOf(report.plan.destination));
    if (late !== null && findings.every(({ destination }) => destination !== late.destination))
      findings.push(late);
  }
  const lines = [
    `entities compared with what was sent: ${compared}`,
    `repetitions that the application recognised: ${recognised}`,
    `second deliveries, all of them documented: ${list(second)}`,
    `guarantees broken: ${findings.length}`,
    ...findings.flatMap(({ destination, sessions, problem }) => [
      "",
      `BROKEN: ${problem}`,
      `  destination ${destination}, sessions ${sessions.join(" ")}`,
      ...cluster.events.of(destination).map(({ text }) => `  ${text}`),
    ]),
  ];
  return { broken: findings.length, lines };
}

/** What the edges have said of themselves, and how often; times, numbers and ids left out. */
function complaints(said: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of said) {
    if (/"event":"(?:door|ready)"/.test(line)) continue;
    count(
      counts,
      line
        .replaceAll(/"at":"[^"]*",?/g, "")
        .replaceAll(/[\da-fA-F]{3,}|\d+/g, "n")
        .slice(0, 200),
    );
  }
  return [...counts].map(([line, times]) => `  ${times} times: ${line}`);
}
