import type { HistoryEntry } from "../protocol/session-record.ts";

/** What happened to a session and its next record does not say by itself; lost with this life if none is stored. */
export class Notes {
  #entries: readonly HistoryEntry[] = [];

  add(entry: HistoryEntry): void {
    this.#entries = [...this.#entries, entry];
  }

  /** Gives up all of them, to the record that is stored now. */
  take(): readonly HistoryEntry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }
}
