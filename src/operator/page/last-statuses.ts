import type { SessionId } from "../../protocol/session-id.ts";
import type { Seat, SessionDetails, SessionSummary } from "../seat.ts";

/** Statuses of attempts that have ended, which no longer change: an isolate asks once for each. */
const known = new Map<string, number>();
const MOST_KNOWN = 2_000;

/**
 * The application's last status for each session that it refused. A row has the name of the fault, and only the session
 * itself has the status. If a session cannot be asked, it has none here.
 */
export async function lastStatuses(
  seat: Seat,
  rows: readonly SessionSummary[],
): Promise<ReadonlyMap<SessionId, number>> {
  const found = new Map<SessionId, number>();
  const refused = rows.filter(({ lastOutcome }) => lastOutcome === "applicationRefused");
  await Promise.all(
    refused.map(async (row) => {
      const key = `${row.session} ${row.attempts}`;
      const status = known.get(key) ?? (await askFor(seat, row));
      if (status === null) return;
      found.set(row.session, status);
      if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value ?? "");
      known.set(key, status);
    }),
  );
  return found;
}

async function askFor(seat: Seat, { session }: SessionSummary): Promise<number | null> {
  const details = await seat.session(session).catch(() => null);
  return details === null ? null : lastStatusOf(details);
}

/** Status of the application's last answer; null if it gave none. */
function lastStatusOf({ history, lastAnswer }: SessionDetails): number | null {
  const ended = history.findLast(({ event }) => event === "commit-ended");
  return ended?.originStatus ?? lastAnswer?.status ?? null;
}
