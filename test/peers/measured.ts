import { STATES } from "../../src/operator/page/state-words.ts";
import { FAULTS } from "../../src/protocol/faults.ts";
import { HELD, SILENCES } from "../../src/protocol/reflect.ts";
import { METRICS } from "../../src/runtime/metrics.ts";

/** Every metric, in a series or two of a running edge. */
export const SERIES = [
  'bitsedge_acks_total{packet="Fragment",status="200",fault="none"}',
  'bitsedge_acks_total{packet="Fragment",status="416",fault="offsetGap"}',
  'bitsedge_received_bytes_total{directory="/uploads/"}',
  'bitsedge_commits_total{directory="/uploads/",outcome="accepted"}',
  'bitsedge_commits_total{directory="/uploads/",outcome="originTimedOut"}',
  'bitsedge_committed_bytes_total{directory="/uploads/"}',
  'bitsedge_failures_total{event="failed"}',
  'bitsedge_commit_duration_seconds_bucket{directory="/uploads/",le="0.1"}',
  'bitsedge_commit_duration_seconds_bucket{directory="/uploads/",le="+Inf"}',
  'bitsedge_commit_duration_seconds_count{directory="/uploads/"}',
  'bitsedge_upload_duration_seconds_bucket{directory="/uploads/",le="604800"}',
  'bitsedge_upload_duration_seconds_bucket{directory="/uploads/",le="+Inf"}',
  'bitsedge_sessions{directory="/uploads/",state="receiving"}',
  'bitsedge_sessions{directory="/uploads/",state="held"}',
  "bitsedge_receiving_sessions",
  "bitsedge_receiving_bytes_per_second",
  "bitsedge_oldest_waiting_seconds",
  "bitsedge_index_lag_seconds",
  "bitsedge_tcp_connections",
  "bitsedge_tcp_connections_limit",
  "process_open_fds",
  "process_max_fds",
  "bitsedge_state_bytes",
  "bitsedge_disk_free_bytes",
  "bitsedge_disk_size_bytes",
  'bitsedge_info{version="0.1.0"}',
  "up",
  'ALERTS{alertname="BitsEdgeDown",alertstate="firing"}',
];

const SILENT = Object.values(SILENCES).map(({ fault }) => fault);
const REFUSED = ["applicationRefused", "destinationExists", "replyTooLarge"];
/** The values that labels may have; null: any. */
export const LABELS: Readonly<Record<string, readonly string[] | null>> = {
  job: null,
  directory: null,
  alertname: null,
  alertstate: ["firing"],
  state: Object.keys(STATES),
  packet: ["Create-Session", "Ping", "Fragment", "Close-Session", "Cancel-Session", "none"],
  status: ["200", "400", "403", "404", "409", "413", "416", "500", "501", "502", "503", "504", "507"],
  fault: ["none", ...Object.keys(FAULTS), HELD.fault, ...SILENT, ...REFUSED],
  outcome: ["accepted", "orphaned", ...SILENT, ...REFUSED],
  event: ["misconfigured", "failed", "proxy-failed", "door-error"],
};

/** Names of metrics: the edge's, and what Prometheus itself knows of a target. */
export const MEASURED: ReadonlySet<string> = new Set([...Object.keys(METRICS), "up"]);

/** Metrics that a text names; for a series of a histogram the histogram. */
export function metricsIn(text: string): string[] {
  const names = text.match(/\b(?:bitsedge_\w+|process_\w+_fds|up(?=\{|$))/gm) ?? [];
  return names.map((name) => name.replace(/_(?:bucket|sum|count)$/, ""));
}
