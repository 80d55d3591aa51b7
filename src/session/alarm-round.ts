import type { SessionId } from "../protocol/session-id.ts";
import { giveWay } from "./give-way.ts";
import { RESUME_AFTER_MS } from "./outbox.ts";
import { scrub } from "./scrub.ts";
import { SILENT_AFTER_MS } from "./staged-fragments.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * If looking after a session failed, the object tries again after this time. An alarm must not throw: after six throws the
 * runtime gives the alarm up.
 */
const RETRY_MS = 60_000;
/** The object looks after so many sessions in a row. Then packets have their turn. */
const WOKEN_IN_A_ROW = 50;

/** What an object does when its alarm rings: it looks after the sessions that are due, and sets the alarm again. */
export class AlarmRound {
  readonly #surroundings: Surroundings;
  readonly #wakeSession: (id: SessionId) => number;
  readonly #tellAgain: (id: SessionId) => boolean;

  /**
   * @param wakeSession looks after one session; returns when to look again, whatever is stored of it; may throw
   * @param tellAgain has a session that is not in memory tell the index where it stands; returns whether it does
   */
  constructor(
    surroundings: Surroundings,
    wakeSession: (id: SessionId) => number,
    tellAgain: (id: SessionId) => boolean,
  ) {
    this.#surroundings = surroundings;
    this.#wakeSession = wakeSession;
    this.#tellAgain = tellAgain;
  }

  /** The alarm has rung. Returns soon, and never throws. */
  async run(): Promise<void> {
    const { alarm, segments, staged, sweeper, tables, world } = this.#surroundings;
    alarm.isOver();
    try {
      const now = world.now();
      // An earlier life may have died before the index had its last word.
      const [alone] = tables.isShared ? [] : tables.page(0, 1);
      const isTelling = alone !== undefined && this.#tellAgain(alone.id);
      sweeper.retry();
      segments.lookAfter();
      staged.discardSilent(now);
      const again = await this.#wakeAll(now);
      alarm.wakeBy(Math.min(again, tables.firstDueAfter(now)));
      // If this life ends, too, before the index has heard, the next one tells it.
      if (isTelling && !tables.isEmpty) alarm.wakeBy(now + RESUME_AFTER_MS);
      if (staged.size > 0) alarm.wakeBy(now + SILENT_AFTER_MS);
      // Staged bytes of an earlier life belong to no session. If this life ends too, nobody else sweeps them.
      const hasWork = tables.hasErased || tables.has("staged");
      if (hasWork && sweeper.isRunning) alarm.wakeBy(now + RESUME_AFTER_MS);
      else if (tables.hasErased) await scrub(this.#surroundings);
    } catch (error) {
      alarm.wakeBy(world.now() + RETRY_MS);
      world.log("failed", { during: "alarm", session: null, error: String(error) });
    }
  }

  /** @returns the time at which the alarm has to ring again for some of them, whatever their rows say */
  async #wakeAll(now: number): Promise<number> {
    const { alarm, tables, world } = this.#surroundings;
    let again = Number.POSITIVE_INFINITY;
    for (let last = { due: Number.MIN_SAFE_INTEGER, key: 0 }; ;) {
      const rows = tables.dueAt(now, last, WOKEN_IN_A_ROW);
      for (const { id } of rows) again = Math.min(again, this.#wake(id));
      const end = rows.at(-1);
      if (end === undefined || rows.length < WOKEN_IN_A_ROW) return again;
      last = end;
      // A packet that comes now may set the alarm for later, and this life may end before all are looked after.
      alarm.wakeBy(now + RETRY_MS);
      await giveWay(world);
    }
  }

  #wake(id: SessionId): number {
    const { world } = this.#surroundings;
    try {
      return this.#wakeSession(id);
    } catch (error) {
      // The journal would read the record and the configuration, and one of them may be what cannot be read.
      world.log("failed", { during: "alarm", session: id, error: String(error) });
      return world.now() + RETRY_MS;
    }
  }
}
