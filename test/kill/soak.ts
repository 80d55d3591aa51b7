import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Application, type Mishap } from "./application.ts";
import { check, type Finding } from "./check.ts";
import { Client, type ClientReport, contentOf } from "./client.ts";
import { EdgeUnderFire } from "./edge-under-fire.ts";
import { judgeFlatness, type Sample } from "./flatness.ts";
import { planUpload } from "./plan.ts";
import { Random } from "./random.ts";
import { count, list } from "./tally.ts";

const HELP = `Many uploads at once for some time, over connections that break and to an application that fails, and the
memory of the edge meanwhile, with a verdict at the end. Every entity is compared with what was sent.

  node test/kill/soak.ts [--seconds 20 | --minutes 10] [--clients 200] [--seed text]
`;

/** As long as Windows waits for an Ack: a disk that confirms 150 writes a second keeps 200 clients waiting. */
const PATIENCE_MILLISECONDS = 300_000;
const MEBIBYTE = 1024 * 1024;
/** A shorter run ends while caches still fill; its memory is printed, and fails nothing. */
const JUDGED_SECONDS = 600;
/** What is under way when the last client has gone is over by then. */
const LAST_COMMITS_MILLISECONDS = 30_000;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    minutes: { type: "string" },
    clients: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now()) },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else process.exitCode = await soak();

async function soak(): Promise<number> {
  const seconds = values.minutes === undefined ? Number(values.seconds) : Number(values.minutes) * 60;
  const { seed } = values;
  const application = await Application.start(() => undefined);
  const edge = await EdgeUnderFire.start(application.url, () => undefined);
  const mishaps = new Random(`${seed}/mishaps`);
  application.mishap = () => mishapOf(mishaps);
  process.stdout.write(`seed ${seed}, ${values.clients} clients, ${seconds} s\n`);

  const startedAt = performance.now();
  const elapsed = (): number => (performance.now() - startedAt) / 1_000;
  const endings = new Map<string, number>();
  const second = new Map<string, number>();
  const findings: Finding[] = [];
  const samples: Sample[] = [];
  const vanished: ClientReport[] = [];
  let [uploads, compared, bytes, resumed] = [0, 0, 0, 0];

  /** Holds what the application has of one upload against what its client sent. */
  const judge = async (report: ClientReport): Promise<void> => {
    const { destination, directory } = report.plan;
    const verdict = await check(report, application.deliveriesOf(destination), edge.eventsOf(destination));
    findings.push(...verdict.findings);
    if (verdict.secondDeliveries > 0) count(second, directory, verdict.secondDeliveries);
    compared += verdict.compared;
    if (verdict.findings.length > 0) return;
    await application.forget(destination);
    edge.forget(destination);
  };

  const work = async (worker: number): Promise<void> => {
    for (let turn = 0; elapsed() < seconds && findings.length === 0; turn++) {
      const random = new Random(`${seed}/${worker}/${turn}`);
      const plan = planUpload(random, turn, worker, null);
      // Half of the connections break: somewhere in the file, or after Close-Session.
      const breakAt = random.next() < 0.5 ? random.between(1, Math.ceil(plan.size * 1.2) + 1) : null;
      const report = await new Client(plan, {
        port: edge.port,
        observe: () => undefined,
        content: contentOf(plan),
        splitAt: breakAt,
        breakAt,
        patienceMilliseconds: PATIENCE_MILLISECONDS,
      }).run();
      count(endings, report.ending);
      uploads += 1;
      bytes += plan.size;
      resumed += report.resumed;
      // A client that vanished leaves its commit to the edge, and nobody is told when that is over.
      if (report.ending === "vanished") vanished.push(report);
      else await judge(report);
    }
  };

  const end = new AbortController();
  const watching = (async () => {
    const interval = Math.max(2, seconds / 30);
    for (let next = 0; !end.signal.aborted; next += interval) {
      const memory = ((await edge.rssBytes()) ?? 0) / MEBIBYTE;
      // What comes after the end is a run that has less and less to do.
      if (elapsed() <= seconds) samples.push({ minutes: elapsed() / 60, mebibytes: memory });
      const line = [
        `${Math.round(elapsed())} s of ${seconds} s`,
        `${uploads} uploads`,
        `${Math.round(bytes / MEBIBYTE)} MiB`,
        `${resumed} resumptions`,
        `edge ${Math.round(memory)} MiB`,
      ];
      process.stdout.write(`${line.join(" | ")}\n`);
      while (!end.signal.aborted && elapsed() < next + interval) await pause(100);
    }
  })();
  try {
    await Promise.all(Array.from({ length: Number(values.clients) }, async (_, worker) => work(worker)));
    end.abort();
    const deadline = Date.now() + LAST_COMMITS_MILLISECONDS;
    while (application.isBusy && Date.now() < deadline) await pause(100);
    for (const report of vanished) await judge(report);
  } finally {
    end.abort();
    await watching;
    await edge.stop();
    await application.stop();
  }

  const memory = judgeFlatness(samples);
  const lines = [
    "",
    `uploads ${uploads}, ${Math.round(bytes / MEBIBYTE)} MiB, resumptions ${resumed}`,
    `endings: ${list(endings)}`,
    `entities compared with what was sent: ${compared}`,
    `second deliveries, all of them documented: ${list(second)}`,
    memory.words,
    `guarantees broken: ${findings.length}`,
    ...findings.flatMap(({ destination, sessions, problem }) => [
      "",
      `BROKEN: ${problem}`,
      `  seed ${seed}, destination ${destination}, sessions ${sessions.join(" ")}`,
      ...edge.eventsOf(destination).map(({ text }) => `  ${text}`),
    ]),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  const isCalm = memory.isFlat || seconds < JUDGED_SECONDS;
  return findings.length === 0 && isCalm ? 0 : 1;
}

/** One delivery in seven goes wrong. */
function mishapOf(random: Random): Mishap | null {
  if (random.next() > 1 / 7) return null;
  return random.pick(["breaks inside", "refuses", "is slow", "forgets to answer"]);
}
