import { parseArgs } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { SingleBar } from "cli-progress";
import { Application } from "./application.ts";
import { check, checkAfterwards, type Verdict } from "./check.ts";
import type { ClientReport } from "./client.ts";
import { EdgeUnderFire } from "./edge-under-fire.ts";
import { MOMENTS } from "./moments.ts";
import { planRound } from "./plan.ts";
import { runRound, Sightings } from "./round.ts";
import { summarize, Tally } from "./tally.ts";

/** An orphan is taken up within ten seconds after its edge died; the clock starts again with every death. */
const ALARM_MILLISECONDS = 30_000;

const HELP = `Kills the edge, again and again, at random and at named moments, and checks that nothing is lost and
nothing comes twice.

  node test/kill/run.ts [--rounds ${MOMENTS.length}] [--seed text] [--clients 6] [--first 0]

A round is some uploads and one to three kills; as many rounds as there are moments have every one. The same seed
and number of clients give the same rounds; --first N --rounds 1 runs round N alone.
`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: String(MOMENTS.length) },
    seed: { type: "string", default: String(Date.now()) },
    clients: { type: "string", default: "6" },
    first: { type: "string", default: "0" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else process.exitCode = await run();

async function run(): Promise<number> {
  const { seed } = values;
  const [rounds, clients, first] = [Number(values.rounds), Number(values.clients), Number(values.first)];
  const sightings = new Sightings();
  const application = await Application.start(sightings.observe);
  const edge = await EdgeUnderFire.start(application.url, sightings.observe);
  const tally = new Tally();
  process.stdout.write(`seed ${seed}, ${rounds} rounds, ${clients} clients\n`);
  const bar = new SingleBar({
    format:
      "{percentage}% | round {value} of {total} | {kills} kills | {sessions} sessions | {eta_formatted} left",
    noTTYOutput: true,
    notTTYSchedule: 10_000,
    hideCursor: null,
    etaBuffer: 50,
    stream: process.stdout,
  });
  bar.start(rounds, 0, { kills: 0, sessions: 0 });
  try {
    for (let round = first; round < first + rounds; round++) {
      const report = await runRound(planRound(seed, round, clients), edge, sightings);
      tally.ran(report);
      for (const client of report.clients) {
        const verdict = await judge(client, application, edge);
        if (verdict.isAwaited) tally.awaited.push({ client, round });
        else await tally.checked(client, round, verdict, application);
      }
      bar.update(round - first + 1, { kills: edge.kills, sessions: tally.sessions });
      if (tally.findings.length > 0) break;
    }
    bar.stop();
    await checkAwaited(tally, application, edge);
    // The alarms of all rounds but the last ones have rung by now.
    for (const { client, round } of tally.passed) {
      const late = checkAfterwards(client, application.deliveriesOf(client.plan.destination));
      if (late !== null) tally.findings.push({ ...late, round });
    }
    process.stdout.write(summarize(tally, edge, seed));
    return tally.findings.length === 0 ? 0 : 1;
  } finally {
    bar.stop();
    await edge.stop();
    await application.stop();
  }
}

async function judge(client: ClientReport, application: Application, edge: EdgeUnderFire): Promise<Verdict> {
  const { destination } = client.plan;
  return check(client, application.deliveriesOf(destination), edge.eventsOf(destination));
}

/** Uploads whose client is gone: the edge finishes them by its alarm alone. */
async function checkAwaited(tally: Tally, application: Application, edge: EdgeUnderFire): Promise<void> {
  const deadline = Date.now() + ALARM_MILLISECONDS;
  for (const { client, round } of tally.awaited) {
    let verdict = await judge(client, application, edge);
    while (verdict.isAwaited && Date.now() < deadline) {
      await pause(100);
      verdict = await judge(client, application, edge);
    }
    if (verdict.isAwaited) {
      const { destination } = client.plan;
      const problem = "a commit that had begun was never finished";
      tally.findings.push({ destination, sessions: client.sessionIds, problem, round });
    } else {
      tally.alone += 1;
    }
    await tally.checked(client, round, verdict, application);
  }
}
