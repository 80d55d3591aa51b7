/** What of Grafana's model of a dashboard the test looks at (grafana.com, "Dashboard JSON model"). */
export interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
}

/** A panel; a row is one too. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

/**
 * The expressions of all panels and annotations as Grafana sends them to Prometheus, where "All" is chosen of every variable.
 *
 * @throws Error for a variable that the dashboard does not have
 */
export function queriesOf({ panels, templating, annotations }: Dashboard): string[] {
  const names = new Set(templating.list.map(({ name }) => name));
  const expressions = [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...annotations.list.flatMap(({ expr }) => expr ?? []),
  ];
  return expressions.map((expression) =>
    expression.replaceAll(/\$(\w+)/g, (_, name: string) => {
      if (name === "__rate_interval") return "20m";
      if (!names.has(name)) throw new Error(`The dashboard has no variable ${name}: ${expression}`);
      return ".*";
    }),
  );
}
