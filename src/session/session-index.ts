import { DurableObject } from "cloudflare:workers";
import type { SessionId } from "../protocol/session-id.ts";
import { log } from "../runtime/log.ts";
import { besides, objectOf } from "../runtime/placement.ts";
import { objectNameOf } from "../signed/session-place.ts";
import { Lag } from "./lag.ts";
import { Listing } from "./listing.ts";
import type {
  ListCalls,
  ListFigures,
  ListPage,
  ListQuery,
  SessionDetails,
  SessionSummary,
} from "./operator-calls.ts";
import { SessionTables } from "./session-tables.ts";

const SWEEP_AGAIN_MS = 6 * 60 * 60 * 1000;
/** One sweep asks so many sessions whether they are still there: one request each. */
const MOST_ASKED = 200;
const NO_INFLOW = { sessions: 0, bytes: 0 };

interface IndexBindings {
  readonly UPLOAD_SESSIONS: DurableObjectNamespace<
    DurableObject & { describe(sessionId: SessionId): SessionDetails | null }
  >;
}

/**
 * A part of the index of sessions that have an object each. 64 objects of this class share the rows, one for each session
 * (`indexNameOf`). A session tells the index its row and does not wait, so a row may be late, or lost with the session's
 * object. So a session tells its row again in each of its lives, and when a row's time is over, the index asks its session.
 */
export class SessionIndex extends DurableObject<IndexBindings> implements ListCalls {
  readonly #tables = new SessionTables(this.ctx.storage);
  readonly #listing = new Listing(this.#tables);

  /** The longest delay of a row within the last five to ten minutes. */
  readonly #lag = new Lag();

  /** Puts a session's row into the list, unless the list has a row that changed later. */
  async put(summary: SessionSummary): Promise<void> {
    const now = Date.now();
    const isWritten = this.#listing.put(summary, now, false);
    if (summary.changedAt !== null) this.#lag.add(now - summary.changedAt, now);
    if (isWritten && (await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(Date.now() + SWEEP_AGAIN_MS);
  }

  /** Puts what the session's object says just now into the list; removes the row if the session is gone. */
  correct(session: SessionId, details: SessionSummary | null): void {
    if (details === null) this.#listing.remove(session);
    else this.#listing.put(details, Date.now());
  }

  /** The session is known no more. */
  remove(session: SessionId): void {
    this.#listing.remove(session);
  }

  find(query: ListQuery): ListPage {
    return this.#listing.find(query);
  }

  figures(): ListFigures {
    return { ...this.#listing.figures(Date.now()), inflow: NO_INFLOW, lagMs: this.#lag.most(Date.now()) };
  }

  /** Asks the sessions whose time seems to be over. Never throws: the sixth throw of an alarm is its last. */
  override async alarm(): Promise<void> {
    let isMore = false;
    try {
      isMore = await this.#sweep();
    } catch (error) {
      log("failed", { during: "index", session: null, error: String(error) });
    }
    if (isMore || this.#listing.byId("").length > 0)
      await this.ctx.storage.setAlarm(Date.now() + (isMore ? 60_000 : SWEEP_AGAIN_MS));
  }

  /** @returns whether there may be more of them */
  async #sweep(): Promise<boolean> {
    let asked = 0;
    for (
      let rows = this.#listing.byId("");
      rows.length > 0;
      rows = this.#listing.byId(rows.at(-1)?.session ?? "")
    ) {
      for (const { session } of rows.filter(({ until }) => until < Date.now())) {
        if (asked === MOST_ASKED) return true;
        asked += 1;
        const id = session as SessionId; // sessions told it
        this.correct(id, await this.#session(id).describe(id));
      }
    }
    return false;
  }

  #session(id: SessionId) {
    return objectOf(this.env.UPLOAD_SESSIONS, objectNameOf(id), besides(this.ctx.id));
  }
}
