import { type Config, directoryOf } from "../config/config.ts";
import { parseSessionId } from "../protocol/session-id.ts";
import type { SessionPacket, SessionRecord } from "../protocol/session-record.ts";
import type { SessionStore } from "./session-store.ts";
import { issuedAtOf } from "../signed/session-ticket.ts";

/** For sessions whose directory has left the configuration. */
const DEFAULT_TIMEOUT_SECONDS = 1_209_600;

/** When a session's time is over, and everything of it is removed (ruling 23). Times are milliseconds since 1970. */
export class Lifetime {
  readonly #store: SessionStore;
  readonly #config: () => Config;
  /** Time of the last accepted packet, which need not have stored anything. */
  #heardAt = 0;

  constructor(store: SessionStore, config: () => Config) {
    this.#store = store;
    this.#config = config;
  }

  /** A packet was accepted: the time starts again, as long as the object is in memory. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  timeoutMs(destination: string): number {
    const directory = directoryOf(this.#config(), destination);
    return (directory?.sessionTimeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
  }

  /**
   * The session timeout after the last accepted packet. A clock that was put back may date that before the id's issue,
   * and an id that is good longer than its session would begin another.
   */
  endOf({ issuedAt, changedAt, destination }: SessionRecord): number {
    const { lastReceivedAt } = this.#store.fragments;
    return Math.max(issuedAt, changedAt, lastReceivedAt, this.#heardAt) + this.timeoutMs(destination);
  }

  /**
   * The same for the session of a packet. Nothing is stored for a session that has only been created, nor for one that
   * has expired. The age of the id tells them apart: a session is never removed before its id is as old as the timeout.
   */
  endFor({ issuedAt, destination }: SessionPacket): number {
    const { record } = this.#store;
    return record === null ? issuedAt + this.timeoutMs(destination) : this.endOf(record);
  }

  /** The latest time of a session of which nothing is known but its id, which is its object's name. */
  latestEndOf(name: string): number {
    const sessionId = parseSessionId(name);
    const timeouts = this.#config().directories.map(({ sessionTimeoutSeconds }) => sessionTimeoutSeconds);
    const longestMs = Math.max(DEFAULT_TIMEOUT_SECONDS, ...timeouts) * 1000;
    return sessionId === null ? Number.POSITIVE_INFINITY : issuedAtOf(sessionId) + longestMs;
  }
}
