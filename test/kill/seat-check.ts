import { setTimeout as pause } from "node:timers/promises";
import type { SessionsFound } from "../../src/operator/seat.ts";
import type { SessionDetails, SessionSummary } from "../../src/session/operator-calls.ts";
import { ask, READ_TOKEN } from "../operator/seat-client.ts";
import type { Application, Delivery } from "./application.ts";
import type { Finding } from "./check.ts";
import type { ClientReport } from "./client.ts";
import type { EdgeUnderFire } from "./edge-under-fire.ts";
import { disagreements, statesOf, untrue } from "./seat-law.ts";

/** Nobody waits for what a session tells the index: it mostly comes as soon as this. */
const LATE_MILLISECONDS = 3_000;
/** What a session tells is on the index's disk by then, also beside other suites; an edge that dies before has lost it. */
const LOST_MILLISECONDS = 10_000;
/** An object that died in a commit, or soon after one, has its alarm within ten seconds, and tells the index again. */
const ALARM_MILLISECONDS = 30_000;

/** A client that has come to its end, in a round of a run. */
interface Played {
  readonly client: ClientReport;
  readonly round: number;
}

type FindingOfRound = Finding & { readonly round: number };

/** Holds what an operator sees of a run's sessions against what everybody else knows of them. */
export class SeatCheck {
  /** Sessions whose row and object were compared. */
  compared = 0;
  /** Rows that a kill had cost, and the next alarm of the session put right. */
  healedByAlarm = 0;
  /** Rows that a kill had cost, and an operator put right who opened the session. */
  healedByOpening = 0;
  readonly #edge: EdgeUnderFire;
  readonly #application: Application;
  /** Whose rows were not true when they were looked at. */
  #late: Played[] = [];
  /** What had come for them by then: the application forgets what was checked. */
  readonly #deliveries = new Map<ClientReport, readonly Delivery[]>();

  constructor(edge: EdgeUnderFire, application: Application) {
    this.#edge = edge;
    this.#application = application;
  }

  /**
   * At the end of a round: what the list says before anybody has opened a session. A row that is not true is looked at again
   * by `checkLate`.
   */
  async check(played: readonly Played[]): Promise<FindingOfRound[]> {
    const wrong = await this.#wrongWithin(LATE_MILLISECONDS, played);
    this.#late.push(...wrong.keys());
    for (const { client } of wrong.keys()) this.#deliveries.set(client, this.#deliveriesOf(client));
    const findings: FindingOfRound[] = [];
    for (const one of played) if (!wrong.has(one)) findings.push(...(await this.#open(one)));
    return findings;
  }

  /** What has become of rows that were not true: each has to be owed to a kill, and put right by the session's next alarm. */
  async checkLate(): Promise<FindingOfRound[]> {
    const late = this.#late;
    this.#late = [];
    const others = late.filter((one) => !isCancelled(one));
    const findings: FindingOfRound[] = [];
    const wrong = await this.#wrongWithin(ALARM_MILLISECONDS, others);
    for (const [one, problems] of wrong)
      findings.push(...problems.map((problem) => findingOf(one, `${problem}, and no alarm put it right`)));
    this.healedByAlarm += others.length - wrong.size;
    for (const one of late.filter(isCancelled)) findings.push(...(await this.#excuse(one)));
    for (const one of late) findings.push(...(await this.#open(one)));
    this.#deliveries.clear();
    return findings;
  }

  /** A session that was cancelled has no alarm before its end. Only a kill just then may have cost its row. */
  async #excuse(one: Played): Promise<FindingOfRound[]> {
    const problems = (await this.#wrongWithin(0, [one])).get(one) ?? [];
    const changedAt = (await this.#session(one.client))?.changedAt ?? 0;
    const isKilledThen = this.#edge.killedAt.some(
      (at) => at >= changedAt && at <= changedAt + LOST_MILLISECONDS,
    );
    if (problems.length > 0 && isKilledThen) this.healedByOpening += 1;
    return isKilledThen ? [] : problems.map((problem) => findingOf(one, problem));
  }

  /** Opens the session, and waits until the list says the same. */
  async #open(one: Played): Promise<FindingOfRound[]> {
    const { client } = one;
    let problems: string[] = [];
    // A session whose attempt was killed stands still until its alarm.
    for (const deadline = Date.now() + ALARM_MILLISECONDS; ;) {
      // The list first: opening a session puts its row right.
      const listed = (await this.#list([client])).get(nameOf(client)) ?? null;
      const real = await this.#session(client);
      problems = disagreements(listed, real);
      if (real !== null) problems.push(...this.#problemsOf(client, real));
      if (problems.length === 0) this.compared += 1;
      if (problems.length === 0 || Date.now() > deadline) break;
      await pause(50);
    }
    return problems.map((problem) => findingOf(one, `once it was opened, ${problem}`));
  }

  /** Clients whose row is still not true after some time, and what is wrong with it. */
  async #wrongWithin(
    milliseconds: number,
    played: readonly Played[],
  ): Promise<ReadonlyMap<Played, readonly string[]>> {
    for (const deadline = Date.now() + milliseconds; ;) {
      const rows = await this.#list(played.map((one) => one.client));
      const all = played.map(
        (one) => [one, this.#problemsOf(one.client, rows.get(nameOf(one.client)) ?? null)] as const,
      );
      const wrong = all.filter(([, problems]) => problems.length > 0);
      if (wrong.length === 0 || Date.now() > deadline) return new Map(wrong);
      await pause(100);
    }
  }

  #problemsOf(client: ClientReport, listed: SessionSummary | null): string[] {
    return untrue(listed, client, this.#deliveriesOf(client));
  }

  #deliveriesOf(client: ClientReport): readonly Delivery[] {
    const { plan, sessionIds } = client;
    const now = this.#application.deliveriesOf(plan.destination);
    const all = now.length > 0 ? now : (this.#deliveries.get(client) ?? []);
    return all.filter(({ sessionId }) => sessionId === sessionIds.at(-1));
  }

  /**
   * The rows of the states in which these clients' sessions may be. An object that sessions share corrects each row that it
   * reads, so a row that is found in another state would be right by then.
   */
  async #list(clients: readonly ClientReport[]): Promise<ReadonlyMap<string, SessionSummary>> {
    const states = new Set(clients.flatMap((client) => statesOf(client, this.#deliveriesOf(client))));
    const rows: SessionSummary[] = [];
    for (const state of states) {
      for (let next: string | null = ""; next !== null;) {
        const cursor: string = next === "" ? "" : `&cursor=${next}`;
        const page = (await this.#ask(`sessions?limit=1000&state=${state}${cursor}`)) as SessionsFound;
        rows.push(...page.sessions);
        ({ next } = page);
      }
    }
    return new Map(rows.map((row) => [row.session, row]));
  }

  async #session(client: ClientReport): Promise<SessionDetails | null> {
    return (await this.#ask(`sessions/${nameOf(client)}`)) as SessionDetails | null;
  }

  async #ask(path: string): Promise<unknown> {
    const { status, json, text } = await ask(this.#edge, path, { token: READ_TOKEN });
    if (status !== 200 && status !== 404) throw new Error(`the seat says ${status} to ${path}: ${text}`);
    return status === 404 ? null : json;
  }
}

function isCancelled({ client }: Played): boolean {
  return client.ending === "cancelled";
}

/** The session in which a client came to its end, as the seat names it. */
function nameOf({ sessionIds }: ClientReport): string {
  return (sessionIds.at(-1) ?? "").replaceAll(/[{}]/g, "").toUpperCase();
}

function findingOf({ client: { plan, sessionIds }, round }: Played, problem: string): FindingOfRound {
  return {
    destination: plan.destination,
    sessions: sessionIds,
    problem: `the operator's seat: ${problem}`,
    round,
  };
}
