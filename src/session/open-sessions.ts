import type { SessionId } from "../protocol/session-id.ts";
import type { SessionTables } from "./session-tables.ts";

/** A session of a limited directory has to send its first Fragment within an hour, or its id is good no more. */
export const BEGIN_WITHIN_MS = 60 * 60 * 1000;
/** A place is kept a little longer than its session can need it, since both clocks, and alarms, may be late. */
const GRACE_MS = 10 * 60 * 1000;

/** Somebody who wants to create one more session. */
export interface Applicant {
  /** The directory's path; each directory counts for itself. */
  readonly directory: string;
  /** The client's address. */
  readonly client: string;
  readonly sessionId: SessionId;
  /** Open sessions that the client may have in this directory. */
  readonly limit: number;
}

/**
 * Counts the open sessions of clients, for directories that limit them. If nobody reports the end of a session, its place
 * is given back when its time is over.
 */
export class OpenSessions {
  readonly #tables: SessionTables;

  constructor(tables: SessionTables) {
    this.#tables = tables;
  }

  /**
   * Counts one more session, unless the client has as many as it may.
   *
   * @param now milliseconds since 1970
   */
  admit({ directory, client, sessionId, limit }: Applicant, now: number): boolean {
    const { sql } = this.#tables;
    this.#tables.ensure("open");
    sql.exec("DELETE FROM open WHERE until <= ?", now);
    const [row] = sql
      .exec<{ count: number }>(
        "SELECT count(*) AS count FROM open WHERE client = ? AND directory = ?",
        client,
        directory,
      )
      .toArray();
    if ((row?.count ?? 0) >= limit) return false;
    sql.exec(
      "INSERT OR REPLACE INTO open (session, directory, client, until) VALUES (?, ?, ?, ?)",
      sessionId,
      directory,
      client,
      now + BEGIN_WITHIN_MS + GRACE_MS,
    );
    return true;
  }

  /** The session goes on: it counts until its time is over, at `until`, milliseconds since 1970. */
  extend(sessionId: SessionId, until: number): void {
    if (!this.#tables.has("open")) return;
    this.#tables.sql.exec("UPDATE open SET until = ? WHERE session = ?", until + GRACE_MS, sessionId);
  }

  /** The session has ended. */
  release(sessionId: SessionId): void {
    if (this.#tables.has("open")) this.#tables.sql.exec("DELETE FROM open WHERE session = ?", sessionId);
  }
}
