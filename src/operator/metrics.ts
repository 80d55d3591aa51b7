import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import { type Gauge, type Growth, type Labels, sendGrowth, seriesOf } from "../runtime/metrics.ts";
import { tcpConnections } from "../runtime/connections.ts";
import { objectOf } from "../runtime/placement.ts";
import { VERSION } from "../runtime/version.ts";
import type { ListFigures } from "../session/operator-calls.ts";
import { METRICS_OBJECT } from "../signed/session-place.ts";
import { overviewOf } from "./look-over.ts";
import { machineFigures } from "./machine.ts";
import { formatMetrics } from "./metrics-text.ts";
import type { MeasuredSeat } from "./seat-of.ts";

/** Media type of the text format (prometheus.io/docs/instrumenting/exposition_formats). */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * All metrics, in Prometheus' text format. Counters come from the store in which all isolates add up; gauges are asked for
 * now.
 */
export async function metricsOf(
  seat: MeasuredSeat,
  env: Pick<Env, "SESSION_COUNTERS" | "MACHINE">,
  config: Config,
): Promise<string> {
  const store = () => objectOf(env.SESSION_COUNTERS, METRICS_OBJECT, config.placement);
  // On a full disk nothing can be added to the store, and its object begins anew: a stub that has seen that is of no use.
  const unsent = await sendGrowth(store, true);
  const [counted, figures, machine] = await Promise.all([
    store().measured(),
    seat.figures(),
    machineFigures(env),
  ]);
  const counters = { ...counted };
  for (const [series, by] of Object.entries(unsent)) counters[series] = (counters[series] ?? 0) + by;
  return formatMetrics({ ...counters, ...gaugesOf(figures, config, Date.now()), ...machine });
}

function gaugesOf(figures: readonly ListFigures[], config: Config, now: number): Growth {
  const { receiving, oldestWaitingSince } = overviewOf(figures, now);
  const gauges: Record<string, number> = {};
  const set = (name: Gauge, labels: Labels, value: number): void => {
    const series = seriesOf(name, labels);
    gauges[series] = (gauges[series] ?? 0) + value;
  };
  for (const { directory, state, count } of figures.flatMap(({ counts }) => counts))
    set("bitsedge_sessions", { directory: directory ?? "none", state }, count);
  set("bitsedge_receiving_sessions", {}, receiving.sessions);
  set("bitsedge_receiving_bytes_per_second", {}, receiving.bytesPerSecond);
  const waitingMs = oldestWaitingSince === null ? 0 : Math.max(0, now - oldestWaitingSince);
  set("bitsedge_oldest_waiting_seconds", {}, waitingMs / 1000);
  set("bitsedge_index_lag_seconds", {}, Math.max(0, ...figures.map(({ lagMs }) => lagMs ?? 0)) / 1000);
  set("bitsedge_info", { version: VERSION }, 1);
  set("bitsedge_tcp_connections", {}, tcpConnections.open);
  const { maximumConnections } = config.door;
  if (maximumConnections !== undefined) set("bitsedge_tcp_connections_limit", {}, maximumConnections);
  return gauges;
}
