import type { Observer } from "../kill/moments.ts";
import type { Happening } from "./faults.ts";

/** Shorter ones are an upload's ordinary pace. */
const NOTICED_MILLISECONDS = 500;
const ACKS = new Set(["create-ack", "fragment-ack", "close-ack", "cancel-ack"]);

/** How long uploads stood still after a fault: from the fault to the next Ack of an upload that had one before. */
export class Waits {
  readonly #happened: readonly Happening[];
  readonly #ackedAt = new Map<string, number>();
  readonly #waits = new Map<Happening, number[]>();

  constructor(happened: readonly Happening[]) {
    this.#happened = happened;
  }

  readonly observe: Observer = (sight, destination) => {
    if (!ACKS.has(sight)) return;
    const now = Date.now();
    const before = this.#ackedAt.get(destination);
    this.#ackedAt.set(destination, now);
    if (before === undefined) return;
    const fault = this.#happened.find(({ at }) => at > before && at <= now);
    if (fault === undefined || now - fault.at < NOTICED_MILLISECONDS) return;
    this.#waits.set(fault, [...(this.#waits.get(fault) ?? []), now - fault.at]);
  };

  /** A line for each fault, in order. */
  summary(): string[] {
    return this.#happened.map((happening) => {
      const waits = (this.#waits.get(happening) ?? []).toSorted((one, other) => one - other);
      const said = `${happening.fault} (${happening.whom})`;
      if (waits.length === 0) return `  ${said}: nobody waited for more than half a second`;
      const median = seconds(waits[Math.floor(waits.length / 2)] ?? 0);
      return `  ${said}: ${waits.length} uploads went on after ${seconds(waits[0] ?? 0)} to ${seconds(waits.at(-1) ?? 0)} s, median ${median}`;
    });
  }
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(1);
}
