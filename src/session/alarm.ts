import type { HostStorage } from "./host-storage.ts";

/**
 * The one alarm of an object. An alarm that rings early enough stays as it is: if it rings too early, its handler sets the
 * next one while no client waits. Moving an alarm costs a written row, and on a disk a transaction of its own.
 *
 * A new life of the object cannot read the alarm of the earlier life without waiting. So the first alarm of a life is set
 * for the session that is due first. An alarm for the packet at hand would replace the earlier one, and a neighbour's
 * commit would wait until the packet's session ends.
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

  /** The alarm has rung, or was removed with everything else: no alarm is set. */
  isOver(): void {
    this.#ringsAt = Number.POSITIVE_INFINITY;
  }

  /** A transaction that may have set the alarm was rolled back: nobody knows when the alarm rings. */
  isUnknown(): void {
    this.#ringsAt = null;
  }
}
