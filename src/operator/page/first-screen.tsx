import type { Overview } from "../seat.ts";
import { Chart } from "./chart.tsx";
import { Filters } from "./filters.tsx";
import { countIn, groupOf } from "./groups.ts";
import { Figures, Verdict } from "./overview.tsx";
import { countInWords, timeInWords } from "./quantities.ts";
import { type ListProperties, SessionList } from "./session-list.tsx";
import { isFiltered } from "./view.ts";

/** What an operator sees first: is all well, five figures, the last day, the list. */
export function FirstScreen({ overview, ...list }: ListProperties & { readonly overview: Overview }) {
  const { view, base } = list;
  return (
    <>
      <Verdict overview={overview} base={base} />
      <Figures overview={overview} view={view} base={base} />
      <Chart hours={overview.hours} />
      <section aria-labelledby="list">
        <h2 id="list">
          {groupOf(view.state).name}
          {!isFiltered(view) && (
            <span class="count">{countInWords(countIn(overview, groupOf(view.state)))}</span>
          )}
        </h2>
        {list.found.missing !== undefined && <p class="notice">{list.found.missing}</p>}
        <Filters view={view} base={base} />
        <SessionList {...list} />
      </section>
      <p class="asof">As of {timeInWords(overview.at)}</p>
    </>
  );
}
