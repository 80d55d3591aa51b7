import { DurableObject } from "cloudflare:workers";
import type { SessionId } from "../protocol/session-id.ts";
import type { Growth } from "../runtime/metrics.ts";
import { LoginAttempts } from "./login-attempts.ts";
import { MetricStore } from "./metric-store.ts";
import { type Applicant, OpenSessions } from "./open-sessions.ts";
import { SessionTables } from "./session-tables.ts";

/**
 * Counts the open sessions of clients where each session has an object of its own; an object that many sessions share
 * counts them itself. The clients of a directory are spread over 256 objects, so that no single one sees all traffic. The
 * session id names the object (signed/session-place.ts), so that the end of a session finds it.
 *
 * One more object of the class counts attempts to log in as the operator, and one adds up what the isolates measure.
 */
export class SessionCounter extends DurableObject {
  readonly #attempts = new LoginAttempts();
  readonly #metrics = new MetricStore(this.ctx.storage);
  readonly #open = new OpenSessions(new SessionTables(this.ctx.storage));

  /** Counts one more session, unless the client has as many as it may. */
  admit(applicant: Applicant): boolean {
    return this.#open.admit(applicant, Date.now());
  }

  /** The session goes on: it counts until `until`, milliseconds since 1970. */
  extend(sessionId: SessionId, until: number): void {
    this.#open.extend(sessionId, until);
  }

  /** The session has ended. */
  release(sessionId: SessionId): void {
    this.#open.release(sessionId);
  }

  /** Adds what an isolate has counted. */
  async grow(growth: Growth): Promise<void> {
    this.#metrics.grow(growth);
  }

  /** All that was counted so far. */
  measured(): Growth {
    return this.#metrics.read();
  }

  /** Whether one more operator's token from this address may be looked at. */
  mayTry(client: string): boolean {
    return this.#attempts.mayTry(client, Date.now());
  }
}
