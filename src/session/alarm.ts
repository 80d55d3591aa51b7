import type { HostStorage } from "./host-storage.ts";

/**
 * The one alarm of an object. An alarm that is set already is left where it is if it rings early enough: whoever it
 * wakes too early sets the next, and by then nobody waits. To move one is a row written, and on a disk a transaction of
 * its own.
 *
 * A new life cannot ask for the alarm that an earlier life has set, without waiting. So it goes by what the alarm is for:
 * the first time it sets one, it sets it for the session that is due first. An alarm for the packet at hand would replace
 * the earlier one, and a neighbour's commit would wait for as long as that packet's session may live.
 */
export class Alarm {
  readonly #storage: HostStorage;
  readonly #firstDue: () => number;
  /** Milliseconds since 1970; Infinity while none is set, null while nobody knows. */
  #ringsAt: number | null = null;

  /** @param firstDue when the first of all sessions is due by what is stored, milliseconds since 1970; Infinity for none */
  constructor(storage: HostStorage, firstDue: () => number) {
    this.#storage = storage;
    this.#firstDue = firstDue;
  }

  /** Wakes the object at `time` or before; part of the transaction that it is called in. Infinity: not at all. */
  wakeBy(time: number): void {
    if (this.#ringsAt !== null && this.#ringsAt <= time) return;
    const earliest = this.#ringsAt === null ? Math.min(time, this.#firstDue()) : time;
    this.#ringsAt = earliest;
    if (earliest !== Number.POSITIVE_INFINITY) void this.#storage.setAlarm(earliest);
  }

  /** It has rung, or was removed with everything else: none is set. */
  isOver(): void {
    this.#ringsAt = Number.POSITIVE_INFINITY;
  }

  /** A transaction that may have set it was taken back: nobody knows when it rings. */
  isUnknown(): void {
    this.#ringsAt = null;
  }
}
