/** What is measured, by Prometheus' conventions: base units, `_total` for what only grows. docs/observability.md has the meaning. */
export const METRICS = {
  bitsedge_acks_total: {
    type: "counter",
    help: "Acks, by the packet that they answer, their status, and the fault that they tell of.",
  },
  bitsedge_received_bytes_total: { type: "counter", help: "Bytes of Fragments that were acknowledged." },
  bitsedge_commits_total: {
    type: "counter",
    help: "Attempts to hand an upload to the application that have ended, by what came of them.",
  },
  bitsedge_committed_bytes_total: {
    type: "counter",
    help: "Bytes of uploads that the application has accepted.",
  },
  bitsedge_failures_total: { type: "counter", help: "Lines of the log that tell of an error of the edge." },
  bitsedge_commit_duration_seconds: {
    type: "histogram",
    help: "How long attempts to hand an upload to the application took.",
    buckets: [0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 3600, 21_600],
  },
  bitsedge_upload_duration_seconds: {
    type: "histogram",
    help: "From the first Fragment of an upload to the application's acceptance.",
    buckets: [1, 10, 60, 300, 1800, 3600, 21_600, 86_400, 604_800],
  },
  bitsedge_sessions: { type: "gauge", help: "Sessions that the edge knows, by where they stand." },
  bitsedge_receiving_sessions: {
    type: "gauge",
    help: "Sessions that were sent bytes within the last minute.",
  },
  bitsedge_receiving_bytes_per_second: {
    type: "gauge",
    help: "What they were sent, on average of that minute.",
  },
  bitsedge_oldest_waiting_seconds: {
    type: "gauge",
    help: "For how long the oldest complete upload has waited for the application's acceptance; 0 if none waits.",
  },
  bitsedge_index_lag_seconds: {
    type: "gauge",
    help: "How late the index was told of a change, at most, within the last minutes; 0 where sessions share objects.",
  },
  bitsedge_tcp_connections: { type: "gauge", help: "Connections that are open at the TCP door." },
  bitsedge_tcp_connections_limit: {
    type: "gauge",
    help: "Connections that the TCP door lets in at one time.",
  },
  process_open_fds: { type: "gauge", help: "Files and connections that the edge's runtime has open." },
  process_max_fds: { type: "gauge", help: "How many of them the system lets it have." },
  bitsedge_state_bytes: { type: "gauge", help: "Bytes of the state folder." },
  bitsedge_disk_free_bytes: { type: "gauge", help: "Room that is left on the disk of the state folder." },
  bitsedge_disk_size_bytes: { type: "gauge", help: "Size of the disk of the state folder." },
  bitsedge_info: { type: "gauge", help: "1; the label says which version runs." },
} as const satisfies Readonly<Record<string, Metric>>;

interface Metric {
  readonly type: "counter" | "histogram" | "gauge";
  readonly help: string;
  /** Upper bounds of the buckets, seconds. */
  readonly buckets?: readonly number[];
}

type Named<Type extends Metric["type"]> = {
  [name in keyof typeof METRICS]: (typeof METRICS)[name]["type"] extends Type ? name : never;
}[keyof typeof METRICS];
export type Counter = Named<"counter">;
export type Histogram = Named<"histogram">;
export type Gauge = Named<"gauge">;
export type Labels = Readonly<Record<string, string | number>>;

/** How much each series has grown, by its name and labels as Prometheus writes them. */
export type Growth = Readonly<Record<string, number>>;

/** Where the counts of all isolates come together. */
export interface GrowthStore {
  grow(growth: Growth): Promise<void>;
}

/** Labels come from the configuration and the protocol. This bound limits the cost of a mistake. */
const MOST_SERIES = 2_000;
/** An isolate sends its counts on at most this often. */
const SEND_AFTER_MS = 10_000;

let growth = new Map<string, number>();
let sentAt = 0;

/** Counts in this isolate, until `sendGrowth` sends it on. */
export function count(name: Counter, labels: Labels, by = 1): void {
  grow(seriesOf(name, labels), by);
}

/** Notes one duration. */
export function observe(name: Histogram, labels: Labels, seconds: number): void {
  for (const bound of METRICS[name].buckets) {
    // Prometheus' buckets are cumulative, and every bucket has to be written.
    grow(seriesOf(`${name}_bucket`, { ...labels, le: bound }), seconds <= bound ? 1 : 0);
  }
  grow(seriesOf(`${name}_bucket`, { ...labels, le: "+Inf" }), 1);
  grow(seriesOf(`${name}_sum`, labels), seconds);
  grow(seriesOf(`${name}_count`, labels), 1);
}

/** `name{label="value",…}`. */
export function seriesOf(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escape(String(value))}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

/**
 * Sends on what this isolate has counted, if the last time is long enough ago. Nobody waits for the call, but a scrape. If it
 * fails, its counts are added to the next one.
 *
 * @returns what could not be sent; nothing if all is well
 */
export async function sendGrowth(store: () => GrowthStore, isNow = false): Promise<Growth> {
  const now = Date.now();
  if (growth.size === 0 || (!isNow && Math.abs(now - sentAt) < SEND_AFTER_MS)) return {};
  sentAt = now;
  const taken = growth;
  growth = new Map();
  try {
    await store().grow(Object.fromEntries(taken));
    return {};
  } catch {
    for (const [series, by] of taken) grow(series, by);
    return Object.fromEntries(growth);
  }
}

function grow(series: string, by: number): void {
  const before = growth.get(series);
  if (before === undefined && growth.size >= MOST_SERIES) return;
  growth.set(series, (before ?? 0) + by);
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
