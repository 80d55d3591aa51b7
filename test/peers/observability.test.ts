import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PROJECT } from "../support/bundle.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type Dashboard, type Panel, queriesOf } from "./dashboard.ts";
import { DEPLOY } from "./gateway.ts";
import { LABELS, MEASURED, metricsIn, SERIES } from "./measured.ts";
import { promtool } from "./promtool.ts";

const SHIPPED = join(DEPLOY, "observability");
const DOCS_URL = "https://github.com/bits-edge/bits-edge/blob/main/";
/** What Grafana itself has; anything else would be a plugin. */
const BUILT_IN = new Set(["row", "stat", "timeseries"]);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(temporaryFolder(), "bits-edge-observability-"));
});
afterEach(async () => await rm(folder, { recursive: true }));

describe("the alerts", () => {
  test("are rules that Prometheus takes", async () => {
    expect(await promtool(SHIPPED, "check", "rules", "alerts.yml")).toContain("SUCCESS: 17 rules found");
  });

  test("fire at their fault, each alone, and are silent on a day on which all is well", async () => {
    expect(await promtool(SHIPPED, "test", "rules", "alerts.test.yml")).toContain("SUCCESS");
  });

  test("have a world each in which they fire, a severity, and words for whoever is woken", async () => {
    const worlds = await shipped("alerts.test.yml");
    for (const [alert, rule] of await alerts()) {
      expect(worlds, alert).toContain(`ALERTS{alertname="${alert}",alertstate="firing"`);
      expect(rule, alert).toMatch(/severity: (?:critical|warning)\n/);
      for (const field of ["summary", "description", "runbook_url"])
        expect(rule, alert).toContain(`${field}: `);
    }
  });

  test("lead to a section of the docs that is there", async () => {
    for (const [alert, rule] of await alerts()) {
      const url = /runbook_url: (\S+)/.exec(rule)?.[1] ?? "";
      expect(url, alert).toContain(DOCS_URL);
      const [file = "", anchor] = url.slice(DOCS_URL.length).split("#");
      const text = await readFile(join(PROJECT, file), "utf8");
      if (anchor !== undefined) expect(anchorsOf(text), alert).toContain(anchor);
    }
  });
});

test("Prometheus takes the scrape configuration as it is, with the alerts and a token beside it", async () => {
  for (const file of ["prometheus.yml", "alerts.yml"])
    await copyFile(join(SHIPPED, file), join(folder, file));
  await writeFile(join(folder, "bits-edge-token"), "a".repeat(32));
  const said = await promtool(folder, "check", "config", "prometheus.yml");
  expect(said).toContain("prometheus.yml is valid");
  expect(said).toContain("SUCCESS: 17 rules found");
});

describe("the dashboard", () => {
  test("has panels that each have an id, lie beside one another, and need no plugin", async () => {
    const { panels } = await dashboard();
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.filter(({ type }) => !BUILT_IN.has(type))).toEqual([]);
    expect(panels.filter(({ type }) => type === "row")).toHaveLength(4);
    const squares = panels.flatMap(squaresOf);
    expect(new Set(squares).size).toBe(squares.length);
    for (const { type, title, description, datasource } of panels.filter((panel) => panel.type !== "row")) {
      expect(description, title).toMatch(/\.$/);
      expect(datasource, type).toEqual({ type: "prometheus", uid: "${datasource}" });
    }
  });

  test("asks what Prometheus can read, and is answered where an edge runs", async () => {
    const queries = queriesOf(await dashboard());
    expect(queries.length).toBeGreaterThan(15);
    const worlds = {
      rule_files: [],
      evaluation_interval: "5m",
      tests: [
        {
          interval: "5m",
          input_series: SERIES.map((series) => ({ series: ofJob(series), values: "0+1x100" })),
          promql_expr_test: queries.map((query) => ({
            // 1 if it finds a number: a quantile of nothing is none.
            expr: `count((${query}) >= 0) > bool 0`,
            eval_time: "8h",
            exp_samples: [{ labels: "{}", value: 1 }],
          })),
        },
      ],
    };
    // JSON is YAML.
    await writeFile(join(folder, "dashboard.test.yml"), JSON.stringify(worlds));
    expect(await promtool(folder, "test", "rules", "dashboard.test.yml")).toContain("SUCCESS");
  });
});

test("the series by which the dashboard is tried are of every metric that the edge has", () => {
  expect(new Set(SERIES.flatMap(metricsIn))).toEqual(MEASURED);
});

test("alerts, their tests and the dashboard know no metric that the edge does not have", async () => {
  for (const file of ["alerts.yml", "alerts.test.yml", "dashboard.json"]) {
    const named = metricsIn(await shipped(file));
    expect(named.length).toBeGreaterThan(5);
    expect(
      named.filter((name) => !MEASURED.has(name)),
      file,
    ).toEqual([]);
  }
});

test("alerts and the dashboard select by labels and values that there are", async () => {
  const selectors = /\b(\w+)(?:=~|!~|!=|=)"([^"]+)"/g;
  for (const text of [await shipped("alerts.yml"), queriesOf(await dashboard()).join("\n")]) {
    const selected = [...text.matchAll(selectors)];
    expect(selected.length).toBeGreaterThan(20);
    for (const [selector, label = "", value = ""] of selected) {
      expect(LABELS, selector).toHaveProperty(label);
      const values = LABELS[label];
      // Each half of an alternative has to select something.
      for (const pattern of value.split("|").map((half) => new RegExp(`^${half}$`)))
        if (values) expect(values.filter((known) => pattern.test(known)).length, selector).toBeGreaterThan(0);
    }
  }
});

test("docs/observability.md explains every metric and every alert, and no other", async () => {
  const text = await readFile(join(PROJECT, "docs", "observability.md"), "utf8");
  const explained = [...text.matchAll(/^\| `(bitsedge_\w+|process_\w+)/gm)].map(([, name]) => name);
  expect(new Set(explained)).toEqual(new Set([...MEASURED].filter((name) => name !== "up")));
  const named = [...text.matchAll(/^\| `(BitsEdge\w+)`/gm)].map(([, name]) => name);
  expect(named).toEqual((await alerts()).map(([alert]) => alert));
});

async function shipped(file: string): Promise<string> {
  return await readFile(join(SHIPPED, file), "utf8");
}

/** Names and texts of the alerts, as they follow one another. */
async function alerts(): Promise<[alert: string, rule: string][]> {
  const [, ...rules] = (await shipped("alerts.yml")).split(/^ +- alert: /m);
  return rules.map((rule) => [rule.slice(0, rule.indexOf("\n")), rule]);
}

async function dashboard(): Promise<Dashboard> {
  return JSON.parse(await shipped("dashboard.json")) as Dashboard;
}

/** The series as Prometheus keeps it. */
function ofJob(series: string): string {
  const [name = "", labels = "}"] = series.split("{");
  return `${name}{job="bits-edge",instance="edge:8080",${labels}`;
}

/** What a panel covers of Grafana's grid, which has 24 columns. */
function squaresOf({ gridPos: { x, y, w, h } }: Panel): string[] {
  expect(x + w).toBeLessThanOrEqual(24);
  return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
}

/** Anchors that GitHub gives to the headings of a page. */
function anchorsOf(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
