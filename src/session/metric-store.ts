import type { Growth } from "../runtime/metrics.ts";
import type { HostStorage } from "./host-storage.ts";

/**
 * The store keeps no more series than this. Labels come from the configuration and the protocol, so more would be a
 * mistake.
 */
const MOST_SERIES = 10_000;

/**
 * The counters of all isolates together, on disk. If each isolate kept its own, a counter would begin again whenever an
 * isolate restarts, and nobody could read it.
 */
export class MetricStore {
  readonly #storage: HostStorage;

  constructor(storage: HostStorage) {
    this.#storage = storage;
  }

  grow(growth: Growth): void {
    this.#ensure();
    this.#storage.transactionSync(() => {
      for (const [series, by] of Object.entries(growth))
        this.#storage.sql.exec(
          "INSERT INTO metrics (series, value) VALUES (?, ?) ON CONFLICT (series) DO UPDATE SET value = value + excluded.value",
          series,
          by,
        );
    });
  }

  /** Every series with its value. Reads only: on a full disk the edge has to say so. */
  read(): Growth {
    if (!this.#isKept) return {};
    const rows = this.#storage.sql
      .exec<{ series: string; value: number }>(
        `SELECT series, value FROM metrics ORDER BY series LIMIT ${MOST_SERIES}`,
      )
      .toArray();
    return Object.fromEntries(rows.map(({ series, value }) => [series, value]));
  }

  get #isKept(): boolean {
    const tables = this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'metrics'").toArray();
    return tables.length > 0;
  }

  #ensure(): void {
    this.#storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS metrics (series TEXT PRIMARY KEY, value REAL NOT NULL)",
    );
  }
}
