import { type Delivery, sha256OfFile } from "./application.ts";
import type { ClientReport } from "./client.ts";
import { isCopied } from "./plan.ts";
import type { EdgeEvent } from "./edge-events.ts";

/** A guarantee that was broken. */
export interface Finding {
  readonly destination: string;
  readonly sessions: readonly string[];
  readonly problem: string;
}

/** What became of one upload, in numbers for the summary. */
export interface Verdict {
  readonly findings: readonly Finding[];
  /** Entities at the application that were compared with what the client sent. */
  readonly compared: number;
  /** Takings beyond the first, each owed to an end that nobody saw: a death, or a connection that broke. */
  readonly secondDeliveries: number;
  /** Repetitions that the application told by their key, or by If-None-Match. */
  readonly recognised: number;
  /** A commit was begun, nobody asks for it any more, and it has not come yet: the alarm has to bring it. */
  readonly isAwaited: boolean;
}

/** Where nothing tells a second delivery from a first, or where it is a file written over itself. */
const MAY_BE_TAKEN_AGAIN = new Set(["/forgetful/", "/overwrite/", "/in-place/", "/brief/"]);

/**
 * Holds what the application kept against what one client sent and was told. Of the edge's word only the attempts'
 * numbers are used, to tell the documented second deliveries from any other.
 */
export async function check(
  report: ClientReport,
  deliveries: readonly Delivery[],
  events: readonly EdgeEvent[],
): Promise<Verdict> {
  const { destination, directory } = report.plan;
  const taken = deliveries.filter(({ takenAt }) => takenAt !== null);
  const problems: string[] = [...report.broken];

  for (const { file } of taken) {
    const found = file === null ? null : await sha256OfFile(file);
    if (found !== report.sha256) problems.push(`the application has other bytes: ${found}`);
  }

  for (const [sessionId, keys] of keysOf(deliveries)) {
    if (keys.size !== 1) problems.push(`${sessionId} has ${keys.size} Idempotency-Keys`);
  }

  const { acceptedAt, closedAt } = report;
  if (acceptedAt !== null && !wasTakenBy(acceptedAt, taken)) {
    problems.push("an Ack said that the application took the upload, before it did");
  }
  const copies = isCopied(directory) ? taken.filter(({ method }) => method === "PUT") : [];
  if (isCopied(directory) && closedAt !== null && !wasTakenBy(closedAt, copies)) {
    problems.push("an Ack said that the file is at its destination, before it was");
  }
  if (
    copies.some(
      ({ arrivedAt }) =>
        !wasTakenBy(
          arrivedAt,
          taken.filter(({ method }) => method === "POST"),
        ),
    )
  ) {
    problems.push("the file went to its destination before the application had taken it");
  }
  if (report.ending === "cancelled" && deliveries.length > 0)
    problems.push("it was cancelled, and delivered");
  const repetitions = repetitionsOf(taken);
  if (!MAY_BE_TAKEN_AGAIN.has(directory) && repetitions > 0)
    problems.push(`the application took it ${repetitions + 1} times`);
  problems.push(...unexplained(taken, events));

  const isAwaited = report.ending === "vanished" && directory !== "/hold/" && deliveries.length > 0;
  const sessions = report.sessionIds;
  return {
    findings: problems.map((problem) => ({ destination, sessions, problem })),
    compared: taken.length,
    secondDeliveries: repetitions,
    recognised: deliveries.filter(({ outcome }) => outcome === "recognised" || outcome === "exists").length,
    isAwaited: isAwaited && (isCopied(directory) ? copies : taken).length === 0,
  };
}

/**
 * Holds what came for one upload after it was checked against how its client ended: a session that its client knows to be
 * over is not sent again, by no alarm either.
 *
 * @param deliveries since then
 */
export function checkAfterwards(report: ClientReport, deliveries: readonly Delivery[]): Finding | null {
  if (report.ending === "vanished" || report.ending === "stuck") return null;
  const { destination } = report.plan;
  const { sessionIds } = report;
  const late = deliveries.filter(({ sessionId }) => sessionId === sessionIds.at(-1));
  const problem = `it was ${report.ending}, and came ${late.length} times more`;
  return late.length === 0 ? null : { destination, sessions: sessionIds, problem };
}

function wasTakenBy(time: number, deliveries: readonly Delivery[]): boolean {
  return deliveries.some(({ takenAt }) => takenAt !== null && takenAt <= time);
}

/** Takings beyond the first: of what the application was told, and of the file. */
function repetitionsOf(taken: readonly Delivery[]): number {
  return taken.length - new Set(taken.map(({ method }) => method)).size;
}

/**
 * Each attempt may be taken once; all but one of a session's that were taken must have ended unseen: their edge died
 * before it had stored the answer, or the connection broke before there was one. Where the file goes to its destination
 * after the application has taken it, those are requests of their own, and counted apart.
 */
function unexplained(taken: readonly Delivery[], events: readonly EdgeEvent[]): string[] {
  const started = events.filter(({ event }) => event === "commit-started");
  const unseen = new Set(
    events
      .filter(({ outcome }) => outcome === "orphaned" || outcome === "silent")
      .map((end) =>
        started.findLast((start) => start.session === end.session && isBefore(start, end, events)),
      ),
  );
  const takings = new Map<string, number>();
  const whole = new Map<string, number>();
  for (const { arrivedAt, sessionId, method } of taken) {
    const session = sessionId.replace(/[{}]/g, "");
    const start = started.findLast((event) => event.session === session && event.at <= arrivedAt);
    // Not by their own number: it begins anew with the file's own way.
    const name = `${session}/${start === undefined ? "none" : started.indexOf(start) + 1}`;
    takings.set(name, (takings.get(name) ?? 0) + 1);
    if (!unseen.has(start))
      whole.set(`${method} of ${session}`, (whole.get(`${method} of ${session}`) ?? 0) + 1);
  }
  return [
    ...moreThanOnce(takings).map((name) => `attempt ${name} was taken more than once`),
    ...moreThanOnce(whole).map((name) => `${name} was taken by several attempts whose end was known`),
  ];
}

/** By their lines' order, and not by their times: an attempt may end in the millisecond in which it began. */
function isBefore(one: EdgeEvent, other: EdgeEvent, events: readonly EdgeEvent[]): boolean {
  return events.indexOf(one) < events.indexOf(other);
}

function moreThanOnce(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].filter(([, count]) => count > 1).map(([name]) => name);
}

function keysOf(deliveries: readonly Delivery[]): Map<string, Set<string>> {
  const keys = new Map<string, Set<string>>();
  for (const { sessionId, method, key } of deliveries) {
    const name = `the ${method} of ${sessionId}`;
    keys.set(name, (keys.get(name) ?? new Set()).add(key));
  }
  return keys;
}
