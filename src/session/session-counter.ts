import { DurableObject } from "cloudflare:workers";
import type { SessionId } from "../protocol/session-id.ts";

/** A session that was created and has sent nothing counts for as long. */
const UNSTARTED_MS = 60 * 60 * 1000;
/** Objects of one directory; a client's sessions are all counted by one of them. */
const SHARDS = 256;

/**
 * Counts the open sessions of clients, for directories that limit them. The clients of a directory are
 * spread over 256 objects, so that no single one sees all traffic; the session id names the object
 * (session-ticket.ts), so that the end of a session finds it. What is never told to have ended is
 * forgotten when its session would be.
 */
export class SessionCounter extends DurableObject {
  /**
   * Counts one more session, unless the client has `limit` already.
   *
   * @param now milliseconds since 1970
   */
  admit(client: string, sessionId: SessionId, limit: number, now: number): boolean {
    const sql = this.#table();
    sql.exec("DELETE FROM open WHERE until <= ?", now);
    const { count } = sql
      .exec<{ count: number }>("SELECT count(*) AS count FROM open WHERE client = ?", client)
      .one();
    if (count >= limit) return false;
    sql.exec(
      "INSERT OR REPLACE INTO open (session, client, until) VALUES (?, ?, ?)",
      sessionId,
      client,
      now + UNSTARTED_MS,
    );
    return true;
  }

  /** The session has sent something: it counts until its time is over. */
  extend(sessionId: SessionId, until: number): void {
    this.#table().exec("UPDATE open SET until = ? WHERE session = ?", until, sessionId);
  }

  /** The session has ended. */
  release(sessionId: SessionId): void {
    this.#table().exec("DELETE FROM open WHERE session = ?", sessionId);
  }

  /** Also for a session that was created before its directory had a limit. */
  #table(): SqlStorage {
    const { sql } = this.ctx.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS open (session TEXT PRIMARY KEY, client TEXT NOT NULL, until INTEGER NOT NULL)",
    );
    return sql;
  }
}

/** The shard of a client, 0 to 255: which of a directory's objects counts its sessions. */
export async function shardOf(client: string): Promise<number> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(client));
  return (new Uint8Array(digest)[0] ?? 0) % SHARDS;
}

/** The object that counts for a directory and a shard. */
export function counterName(directoryPath: string, shard: number): string {
  return `${directoryPath} ${shard}`;
}
