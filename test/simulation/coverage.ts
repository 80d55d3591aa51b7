import { TRANSITIONS } from "../../src/protocol/transitions.ts";

/** What a thread tells of its coverage. */
type Counts = Pick<Coverage, "cells" | "awaits" | "pairs" | "faults" | "crashes" | "losses">;

/** What worlds have come by: cells of the machine, awaits at which an object died, pairs of faults. Sums are of all worlds of a run. */
export class Coverage {
  readonly cells = new Map<string, number>();
  /** Crashes by what the instance waited for. */
  readonly awaits = new Map<string, number>();
  /** Worlds by pair of fault kinds that happened in them. */
  readonly pairs = new Map<string, number>();
  /** Faults by kind. */
  readonly faults = new Map<string, number>();
  crashes = 0;
  /** Crashes that took back something written. */
  losses = 0;

  /** The machine's table is told to count who reads it: the code reads a cell when it does what the cell says. */
  watchMachine(): void {
    for (const [state, row] of Object.entries(TRANSITIONS)) {
      for (const [event, action] of Object.entries(row)) {
        const cell = `${state} × ${event}`;
        this.cells.set(cell, 0);
        Object.defineProperty(row, event, {
          get: () => {
            add(this.cells, cell);
            return action;
          },
        });
      }
    }
  }

  crashed(waits: ReadonlyMap<string, number>, lost: number): void {
    this.crashes += 1;
    if (lost > 0) this.losses += 1;
    for (const [why, count] of waits) if (count > 0) add(this.awaits, why);
  }

  /** Adds what others have come by. */
  add({ cells, awaits, pairs, faults, crashes, losses }: Counts): void {
    this.crashes += crashes;
    this.losses += losses;
    for (const [mine, theirs] of [
      [this.cells, cells],
      [this.awaits, awaits],
      [this.pairs, pairs],
      [this.faults, faults],
    ] as const)
      for (const [name, count] of theirs) add(mine, name, count);
  }

  /** @param fired the faults of one world */
  worldEnded(fired: readonly string[]): void {
    const kinds = fired.map((name) => name.replace(/#.*/, ""));
    for (const kind of kinds) add(this.faults, kind);
    const known = [...new Set(kinds)].toSorted();
    for (const [index, one] of known.entries())
      for (const other of known.slice(index + 1)) add(this.pairs, `${one} + ${other}`);
  }
}

function add(counts: Map<string, number>, name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
