import type { Application } from "./application.ts";
import type { Finding, Verdict } from "./check.ts";
import type { ClientReport } from "./client.ts";
import type { EdgeUnderFire } from "./edge-under-fire.ts";
import type { RoundReport } from "./round.ts";
import type { SeatCheck } from "./seat-check.ts";

/** The numbers of a run so far. */
export class Tally {
  rounds = 0;
  sessions = 0;
  compared = 0;
  recognised = 0;
  resumed = 0;
  /** Commits that the edge finished with nobody asking. */
  alone = 0;
  readonly moments = new Map<string, number>();
  /** Moments of first kills, which always come about, that did not. */
  readonly missed = new Map<string, number>();
  readonly endings = new Map<string, number>();
  readonly secondDeliveries = new Map<string, number>();
  readonly findings: (Finding & { round: number })[] = [];
  readonly killedAt = new Map<number, readonly string[]>();
  /** Of each round. */
  clients = 0;
  /** Without a finding, and so with nothing left at the application. */
  readonly passed: { client: ClientReport; round: number }[] = [];
  readonly awaited: { client: ClientReport; round: number }[] = [];

  ran({ plan, clients, killedAt }: RoundReport): void {
    this.rounds += 1;
    this.killedAt.set(plan.round, killedAt);
    for (const moment of killedAt) count(this.moments, moment);
    const first = plan.kills[0].moment.name;
    if (!killedAt.includes(first)) count(this.missed, first);
    this.clients = plan.uploads.length;
    for (const { sessionIds, ending, resumed } of clients) {
      this.sessions += sessionIds.length;
      this.resumed += resumed;
      count(this.endings, ending);
    }
  }

  async checked(
    client: ClientReport,
    round: number,
    verdict: Verdict,
    application: Application,
  ): Promise<void> {
    const { plan } = client;
    this.findings.push(...verdict.findings.map((finding) => ({ ...finding, round })));
    this.compared += verdict.compared;
    this.recognised += verdict.recognised;
    if (verdict.secondDeliveries > 0) count(this.secondDeliveries, plan.directory, verdict.secondDeliveries);
    // What was compared need not stay: a thousand rounds are some ten gigabytes.
    if (verdict.findings.length > 0) return;
    await application.forget(plan.destination);
    this.passed.push({ client, round });
  }
}

/** The run's numbers, and for each broken guarantee all that it takes to see it again. */
export function summarize(
  tally: Tally,
  edge: Pick<EdgeUnderFire, "kills" | "eventsOf">,
  seed: string,
  seats: readonly Pick<SeatCheck, "compared" | "healedByAlarm" | "healedByOpening">[] = [],
): string {
  const lines = [
    "",
    `rounds ${tally.rounds}, kills ${edge.kills}, sessions ${tally.sessions}, resumptions ${tally.resumed}`,
    `endings: ${list(tally.endings)}`,
    `kills: ${list(tally.moments)}`,
    `moments that did not come about: ${list(tally.missed)}`,
    `entities compared with what was sent: ${tally.compared}`,
    `repetitions that the application recognised: ${tally.recognised}`,
    `second deliveries, all of them documented: ${list(tally.secondDeliveries)}`,
    `commits that the edge finished with no client left: ${tally.alone}`,
    ...seats.map(({ compared, healedByAlarm, healedByOpening }, objects) =>
      [
        `the operator's list, SESSION_OBJECTS = ${objects}: ${compared} rows as their sessions`,
        `at first not: put right by an alarm ${healedByAlarm}, by opening ${healedByOpening}`,
      ].join("; "),
    ),
    `guarantees broken: ${tally.findings.length}`,
  ];
  for (const { destination, sessions, problem, round } of tally.findings) {
    const killedAt = tally.killedAt.get(round)?.join("; ") ?? "";
    const told = edge.eventsOf(destination).map(({ text }) => text);
    const story = [
      "",
      `BROKEN: ${problem}`,
      `  seed ${seed}, round ${round}, killed ${killedAt}`,
      `  destination ${destination}, sessions ${sessions.join(" ")}`,
      `  again: node test/kill/run.ts --seed "${seed}" --clients ${tally.clients} --first ${round} --rounds 1`,
      ...told.map((line) => `  ${line}`),
    ];
    lines.push(...story);
  }
  return `${lines.join("\n")}\n`;
}

export function count(counts: Map<string, number>, name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

export function list(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, times]) => `${name} ${times}`).join(", ") || "none";
}
