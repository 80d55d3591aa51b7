import { parseArgs } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { SingleBar } from "cli-progress";
import { Application } from "./application.ts";
import { BothHostings } from "./both-hostings.ts";
import { check, checkAfterwards, type Verdict } from "./check.ts";
import type { ClientReport } from "./client.ts";
import { MOMENTS } from "./moments.ts";
import { planRound } from "./plan.ts";
import { runRound, Sightings } from "./round.ts";
import { summarize, Tally } from "./tally.ts";

/** An orphan is taken up within ten seconds after its edge died; the clock starts again with every death. */
const ALARM_MILLISECONDS = 30_000;
/** Sessions live for two minutes: a row that a kill has cost is looked at again before. */
const ROUNDS_BEFORE_LATE_ROWS = 8;

const HELP = `Kills the edge, again and again, at random and at named moments, and checks that nothing is lost, nothing
comes twice, and that the operator's seat says what is so.

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
  const edges = await BothHostings.start(application, sightings);
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
      const plan = planRound(seed, round, clients);
      const { edge, seat } = edges.for(plan);
      const report = await runRound(plan, edge, sightings);
      tally.ran(report);
      tally.findings.push(...(await seat.check(report.clients.map((client) => ({ client, round })))));
      if ((round - first) % ROUNDS_BEFORE_LATE_ROWS === ROUNDS_BEFORE_LATE_ROWS - 1)
        await checkLateRows(tally, edges);
      for (const client of report.clients) {
        const verdict = await judge(client, application, edges);
        if (verdict.isAwaited) tally.awaited.push({ client, round });
        else await tally.checked(client, round, verdict, application);
      }
      bar.update(round - first + 1, { kills: edges.kills, sessions: tally.sessions });
      if (tally.findings.length > 0) break;
    }
    bar.stop();
    await checkLateRows(tally, edges);
    await checkAwaited(tally, application, edges);
    // The alarms of all rounds but the last ones have rung by now.
    for (const { client, round } of tally.passed) {
      const late = checkAfterwards(client, application.deliveriesOf(client.plan.destination));
      if (late !== null) tally.findings.push({ ...late, round });
    }
    const seats = edges.all.map(({ seat }) => seat);
    process.stdout.write(summarize(tally, edges, seed, seats));
    return tally.findings.length === 0 ? 0 : 1;
  } finally {
    bar.stop();
    await edges.stop();
    await application.stop();
  }
}

async function judge(client: ClientReport, application: Application, edges: BothHostings): Promise<Verdict> {
  const { destination } = client.plan;
  return check(client, application.deliveriesOf(destination), edges.eventsOf(destination));
}

/** Rows of the operator's list that were not true at the end of their round. */
async function checkLateRows(tally: Tally, { all }: BothHostings): Promise<void> {
  for (const { seat } of all) tally.findings.push(...(await seat.checkLate()));
}

/** Uploads whose client is gone: the edge finishes them by its alarm alone. */
async function checkAwaited(tally: Tally, application: Application, edges: BothHostings): Promise<void> {
  const deadline = Date.now() + ALARM_MILLISECONDS;
  for (const { client, round } of tally.awaited) {
    let verdict = await judge(client, application, edges);
    while (verdict.isAwaited && Date.now() < deadline) {
      await pause(100);
      verdict = await judge(client, application, edges);
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
