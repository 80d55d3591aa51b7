import type { SessionRecord } from "../protocol/session-record.ts";
import { needs } from "../protocol/transitions.ts";
import type { StoredBytes } from "./stored-bytes.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Sweepable } from "./sweeper.ts";

/** How soon somebody looks whether bytes are gone that were to be swept. */
export const LOOK_AGAIN_MS = 10_000;

/** Whose bytes they are. */
interface Owner {
  readonly record: SessionRecord | null;
  readonly isForgotten: boolean;
  readonly fragments: StoredBytes;
  readonly reply: StoredBytes;
  atomically(change: () => void): void;
  /** No waste is left, and the session is due at `due`, unless it is over; a part of the step that calls it. */
  endSweep(due: number): void;
  /** The step in which the sweep ended is stored. */
  sweepEnded(): void;
}

/**
 * The stored bytes that a session will not read again. Few are removed in the step that gives them up. The others wait
 * for the sweeper, which removes them slice by slice.
 */
export class Waste implements Sweepable {
  readonly #owner: Owner;
  readonly #surroundings: Surroundings;
  /** When the session is due once nothing is left to be swept. */
  #dueWhenSwept = 0;

  constructor(owner: Owner, surroundings: Surroundings) {
    this.#owner = owner;
    this.#surroundings = surroundings;
  }

  /** Whether something is stored that will not be read again. */
  get isStored(): boolean {
    return this.#bytes.some(({ length }) => length > 0);
  }

  get isBeingSwept(): boolean {
    return this.#surroundings.sweeper.isWaiting(this);
  }

  /** Has the sweeper remove all of it; the session is due at `due` then. */
  sweepUntil(due: number): void {
    const { alarm, sweeper, world } = this.#surroundings;
    this.#dueWhenSwept = due;
    sweeper.add(this);
    alarm.wakeBy(world.now() + LOOK_AGAIN_MS);
  }

  /** The session is due at `due` at the latest: the end of a sweep that is under way must not put it off further. */
  capDue(due: number): void {
    this.#dueWhenSwept = Math.min(this.#dueWhenSwept, due);
  }

  /** Removes one slice. @returns whether none is left */
  removeSome(): boolean {
    const isAlone = !this.#surroundings.tables.isShared;
    return this.#bytes.every((bytes) => bytes.removeSome(isAlone));
  }

  /** Removes one slice in a step of its own. @returns whether none is left */
  sweep(): boolean {
    let isAll = false;
    this.#owner.atomically(() => {
      isAll = this.removeSome();
      if (isAll) this.#owner.endSweep(this.#dueWhenSwept);
    });
    if (isAll) this.#owner.sweepEnded();
    return isAll;
  }

  /** What is waste, whether or not any of it is stored. */
  get #bytes(): StoredBytes[] {
    const { fragments, reply, isForgotten } = this.#owner;
    if (isForgotten) return [fragments, reply];
    const { record } = this.#owner;
    if (record === null) return [];
    const needed = needs(record);
    return [...(needed.entity ? [] : [fragments]), ...(needed.reply ? [] : [reply])];
  }
}
