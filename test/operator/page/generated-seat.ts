import type { SessionId } from "../../../src/protocol/session-id.ts";
import type { SessionSummary } from "../../../src/operator/seat.ts";
import type {
  Deed,
  DeedResult,
  HistoryEntry,
  Operator,
  Overview,
  Seat,
  SessionDetails,
  SessionSearch,
  SessionsFound,
} from "../../../src/operator/seat.ts";
import { type Story, STORIES } from "./stories.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A seat over sessions that nobody uploaded: a fixture for looking at the page with more sessions than a test can make,
 * always the same ones. It keeps the promises of `Seat` and stores nothing. What the page does over a real edge is
 * tried over a real edge (test/peers).
 */
export class GeneratedSeat implements Seat {
  readonly #now: number;
  readonly #sessions: SessionDetails[];

  /**
   * @param count sessions
   * @param now the moment at which all of this is true; milliseconds since 1970
   */
  constructor(count: number, now: number) {
    this.#now = now;
    const dice = diceFrom(7);
    this.#sessions = Array.from({ length: count }, (_, index) => generate(index, now, dice)).toSorted(
      (one, other) => (other.changedAt ?? 0) - (one.changedAt ?? 0),
    );
  }

  async overview(): Promise<Overview> {
    const sessionsByState: Record<string, number> = {};
    for (const { state } of this.#sessions) sessionsByState[state] = (sessionsByState[state] ?? 0) + 1;
    const receiving = this.#sessions.filter(
      ({ state, changedAt }) => state === "receiving" && this.#now - (changedAt ?? 0) < MINUTE,
    );
    const dice = diceFrom(11);
    const thisHour = this.#now - (this.#now % HOUR);
    return {
      at: this.#now,
      sessionsByState,
      receiving: { sessions: receiving.length, bytesPerSecond: receiving.length * 5.3e6 },
      failedLastHour: this.#sessions.filter(
        ({ state, changedAt }) =>
          (state === "failed" || state === "refused") && this.#now - (changedAt ?? 0) < HOUR,
      ).length,
      oldestWaitingSince: this.#now - 47 * MINUTE,
      refused: [],
      hours: Array.from({ length: 24 }, (_, index) => {
        const at = thisHour - (23 - index) * HOUR;
        const busy =
          0.25 + 0.75 * Math.max(0, Math.sin(((new Date(at).getUTCHours() - 5) / 24) * 2 * Math.PI));
        const committed = Math.round(420 * busy * (0.8 + 0.4 * dice()));
        const failed = index === 16 || index === 17 ? Math.round(60 + 40 * dice()) : Math.round(4 * dice());
        return { at, committed, failed, bytes: Math.round(committed * 31e6 * (0.8 + 0.4 * dice())) };
      }),
    };
  }

  async sessions(search: SessionSearch): Promise<SessionsFound> {
    const { limit = 100, cursor } = search;
    const fitting = this.#sessions.filter((session) => fits(session, search));
    const start = cursor === undefined ? 0 : Math.max(0, Number.parseInt(cursor, 36) || 0);
    const next = start + limit < fitting.length ? (start + limit).toString(36) : null;
    return { sessions: fitting.slice(start, start + limit), next };
  }

  async session(id: string): Promise<SessionDetails | null> {
    return this.#sessions.find(({ session }) => session === id) ?? null;
  }

  async act(id: string, deed: Deed, operator: Operator): Promise<DeedResult> {
    const index = this.#sessions.findIndex(({ session }) => session === id);
    const before = this.#sessions[index];
    if (before === undefined) return { result: "unknown" };
    if (!before.deeds[deed.kind]) {
      return { result: "refused", why: `A session that is ${before.state} cannot be told to ${deed.kind}.` };
    }
    const history = [
      ...before.history,
      { at: this.#now, event: "operator-deed", outcome: nameOf(deed), by: operator.name },
    ];
    const session: SessionDetails = { ...before, ...after(deed), history, deeds: NONE };
    this.#sessions[index] = session;
    return { result: "done", session };
  }

  async rescueUrl(id: string): Promise<string | null> {
    const session = await this.session(id);
    if (session === null || session.state === "committed" || session.state === "cancelled") return null;
    return `https://bits.example.com/uploads/BITS-Sessions/Requests/${id}/6748A1F0-0011223344556677/requestfile.bin`;
  }
}

const nameOf = (deed: Deed): string => (deed.kind === "release" ? deed.application : deed.kind);
const NONE = { commit: false, release: false, cancel: false, prolong: false };

function after(deed: Deed): Partial<SessionDetails> {
  if (deed.kind === "cancel") return { state: "cancelled" };
  if (deed.kind === "prolong") return {};
  if (deed.kind === "release" && deed.application === "has-it-not") return { state: "failed" };
  return { state: "committed", lastOutcome: "accepted" };
}

function fits(session: SessionSummary, search: SessionSearch): boolean {
  return (
    (search.state === undefined || session.state === search.state) &&
    (search.directory === undefined || session.directory === search.directory) &&
    (search.client === undefined || session.client === search.client) &&
    (search.path === undefined || session.destination?.startsWith(search.path) === true) &&
    (search.changedBefore === undefined || (session.changedAt ?? 0) < search.changedBefore)
  );
}

function generate(index: number, now: number, dice: () => number): SessionDetails {
  const story = pick(STORIES, dice);
  const total = Math.round(2 ** (18 + 15 * dice()));
  const offset = story.isWhole ? total : Math.floor(total * (0.02 + 0.95 * dice()));
  const changedAt = now - Math.round(story.quietest + (story.quietMost - story.quietest) * dice() ** 3);
  const begunAt = changedAt - Math.round(MINUTE + 3 * HOUR * dice() ** 2);
  const department = ["finance", "radiology", "backup", "telemetry"][Math.floor(dice() * 4)] ?? "";
  const client = `10.${20 + Math.floor(dice() * 4)}.${Math.floor(dice() * 250)}.${1 + Math.floor(dice() * 250)}`;
  const host = `PC-${String(1000 + Math.floor(dice() * 9000))}`;
  const digest = story.attempts === 0 ? null : "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
  return {
    session: idOf(index, begunAt),
    directory: "/uploads/",
    client,
    destination: `/uploads/${department}/${host}/${story.file(index)}`,
    total,
    offset,
    state: story.state,
    attempts: story.attempts,
    lastOutcome: story.outcome,
    changedAt,
    until: changedAt + 14 * DAY,
    history: historyOf(story, begunAt, changedAt, total, offset),
    digest,
    idempotencyKey: digest === null ? null : `5f0d1c3e-8a4b-4e0f-9d6a-${String(index).padStart(12, "0")}`,
    lastAnswer: story.answer,
    deeds: story.deeds,
    hasBytes: story.isWhole && story.state !== "committed",
  };
}

function historyOf(story: Story, begunAt: number, changedAt: number, total: number, offset: number) {
  const span = changedAt - begunAt;
  const history: HistoryEntry[] = [{ at: begunAt, event: "started" }];
  if (span > HOUR)
    history.push({ at: begunAt + Math.round(span / 3), event: "resumed", offset: Math.floor(offset / 3) });
  if (story.isWhole) history.push({ at: begunAt + Math.round(span / 2), event: "completed", offset: total });
  for (let attempt = 1; attempt <= story.attempts; attempt += 1) {
    const at = changedAt - (story.attempts - attempt) * 10 * MINUTE;
    history.push({ at: at - 1_840, event: "commit-started", attempt }, { at, ...story.ended, attempt });
  }
  return history;
}

/** An id as the edge makes it: its first four bytes are the time of issue, in seconds. */
function idOf(index: number, issuedAt: number): SessionId {
  const seconds = Math.floor(issuedAt / 1000)
    .toString(16)
    .padStart(8, "0");
  return `${seconds}-0001-4000-8000-${index.toString(16).padStart(12, "0")}`.toUpperCase() as SessionId;
}

function pick(stories: readonly Story[], dice: () => number): Story {
  let left = dice() * stories.reduce((sum, { share }) => sum + share, 0);
  return stories.find(({ share }) => (left -= share) < 0) ?? (stories[0] as Story);
}

/** Numbers from 0 to 1, the same ones for the same seed (a linear congruential generator, Numerical Recipes' constants). */
function diceFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
