import type { SessionDetails, SessionSummary } from "../../src/session/operator-calls.ts";
import type { Delivery } from "./application.ts";
import type { ClientReport } from "./client.ts";

/** What the list and the session's own object have to say alike. Not `until`: a packet prolongs a session, and no row is told. */
const SAID_ALIKE = [
  "directory",
  "client",
  "destination",
  "total",
  "offset",
  "state",
  "attempts",
  "lastOutcome",
  "changedAt",
] as const satisfies readonly (keyof SessionSummary)[];

/** In which the list differs from what the session's own object says; null for no row, and for no session any more. */
export function disagreements(listed: SessionSummary | null, real: SessionDetails | null): string[] {
  if (listed === null || real === null) {
    const isListed = listed === null ? "is not listed" : `is listed as ${listed.state}`;
    const isThere = real === null ? "is not there any more" : `is ${real.state}`;
    return listed === real ? [] : [`a session ${isListed}, and ${isThere}`];
  }
  return SAID_ALIKE.filter((field) => listed[field] !== real[field]).map(
    (field) => `the list has ${field} ${String(listed[field])}, the session ${String(real[field])}`,
  );
}

/**
 * What of a row cannot be true, by what the client was told and what the application got.
 *
 * @param listed null if the session is not listed
 * @param deliveries what came to the application for this session
 */
export function untrue(
  listed: SessionSummary | null,
  report: ClientReport,
  deliveries: readonly Delivery[],
): string[] {
  const { plan, ending } = report;
  // A client that is stuck is a finding of its own.
  if (ending === "stuck") return [];
  const taken = deliveries.filter(({ takenAt }) => takenAt !== null);
  const states = statesOf(report, taken);
  // The time of a session there is over soon, and its row goes with it.
  if (listed === null)
    return plan.directory === "/brief/"
      ? []
      : [`it was ${ending}, and is not listed as ${states.join(", ")}`];
  const { state, lastOutcome, total, offset, attempts } = listed;
  // A PUT that finds a file is made once more in the same attempt where the file is the beginning of this upload.
  const heard = deliveries.filter(({ outcome }) => outcome !== "exists");
  const methods = new Set(heard.map(({ method }) => method));
  const isWhole = total === plan.size && offset === plan.size;
  const laws: readonly (readonly [holds: boolean, word: string])[] = [
    [listed.destination === plan.destination, `its destination is listed as ${listed.destination}`],
    [listed.directory === plan.directory, `its directory is listed as ${listed.directory}`],
    [total === null || total === plan.size, `it has ${plan.size} bytes, and is listed with ${total}`],
    [states.includes(state), `it was ${ending}, and is listed as ${state}`],
    [state !== "committed" || lastOutcome === "accepted", `it is committed, and its outcome ${lastOutcome}`],
    [state !== "committed" || taken.length > 0, "it is listed as committed, and the application has it not"],
    [ending === "cancelled" || isWhole, `all of it has come, and ${offset} of ${total} are listed`],
    // The file's own way begins its numbers anew.
    [
      methods.size > 1 || attempts >= heard.length,
      `the application heard of it ${heard.length} times, and ${attempts} attempts are listed`,
    ],
  ];
  return laws.filter(([holds]) => !holds).map(([, word]) => word);
}

/** Where a session may stand whose client has come to its end. */
export function statesOf(
  { plan: { directory }, ending }: ClientReport,
  deliveries: readonly Delivery[],
): readonly SessionSummary["state"][] {
  if (ending === "accepted") return ["committed"];
  if (ending !== "vanished") return ending === "stuck" ? [] : [ending];
  // Nobody asks any more: an attempt that had begun is brought to its end, or waits for the operator.
  const isTaken = deliveries.some(({ takenAt }) => takenAt !== null);
  if (directory === "/hold/") return isTaken ? ["committed", "held"] : ["complete", "held"];
  return isTaken ? ["committed"] : ["complete"];
}
