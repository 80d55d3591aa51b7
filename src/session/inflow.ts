import type { SessionId } from "../protocol/session-id.ts";
import type { Inflowing } from "./operator-calls.ts";

const SECONDS = 60;

/** What sessions were sent within the last minute; in memory only, a ring of seconds. */
export class Inflow {
  /** When each session sent bytes last, milliseconds since 1970; the session that was heard of last comes last. */
  readonly #heardAt = new Map<SessionId, number>();
  readonly #seconds = Array.from({ length: SECONDS }, () => ({ second: 0, bytes: 0 }));

  /** @param now milliseconds since 1970, here and below */
  add(id: SessionId, bytes: number, now: number): void {
    this.#heardAt.delete(id);
    this.#heardAt.set(id, now);
    this.#forgetOld(now);
    const second = Math.floor(now / 1000);
    const slot = this.#seconds[second % SECONDS];
    if (slot === undefined) return;
    slot.bytes = slot.second === second ? slot.bytes + bytes : bytes;
    slot.second = second;
  }

  lastMinute(now: number): Inflowing {
    this.#forgetOld(now);
    const since = Math.floor(now / 1000) - SECONDS;
    const recent = this.#seconds.filter(({ second }) => second > since);
    return { sessions: this.#heardAt.size, bytes: recent.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  #forgetOld(now: number): void {
    for (const [id, heardAt] of this.#heardAt) {
      if (Math.abs(now - heardAt) < SECONDS * 1000) return;
      this.#heardAt.delete(id);
    }
  }
}
