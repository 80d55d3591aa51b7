import { type Growth, METRICS } from "../runtime/metrics.ts";

/** Series and their values, each kind under its own head. */
export function formatMetrics(values: Growth): string {
  const all = Object.entries(values);
  const lines: string[] = [];
  for (const [name, { type, help }] of Object.entries(METRICS)) {
    const own = all.filter(([series]) => metricOf(series) === name);
    if (own.length === 0) continue;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [series, value] of own) lines.push(`${series} ${value}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The name by which a series is described: a histogram's have endings. */
function metricOf(series: string): string {
  const [name = ""] = series.split("{");
  return Object.hasOwn(METRICS, name) ? name : name.replace(/_(?:bucket|sum|count)$/, "");
}
