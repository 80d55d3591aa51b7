import type { HostStorage } from "./host-storage.ts";

/**
 * The one alarm of an object. An alarm that is set already is left where it is if it rings early enough: whoever it
 * wakes too early sets the next, and by then nobody waits. To move one is a row written, and on a disk a transaction of
 * its own.
 */
export class Alarm {
  readonly #storage: HostStorage;
  /** Milliseconds since 1970, as far as this instance has set it. */
  #ringsAt = Number.POSITIVE_INFINITY;

  constructor(storage: HostStorage) {
    this.#storage = storage;
  }

  /** Wakes the object at `time` or before; part of the transaction that it is called in. Infinity: not at all. */
  wakeBy(time: number): void {
    if (this.#ringsAt <= time) return;
    this.#ringsAt = time;
    void this.#storage.setAlarm(time);
  }

  /** It has rung, or nobody knows any more when it will: the next that is asked for is set. */
  rang(): void {
    this.#ringsAt = Number.POSITIVE_INFINITY;
  }
}
