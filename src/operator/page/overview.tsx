import type { Overview } from "../seat.ts";
import { countIn, groupOf, receivingNow } from "./groups.ts";
import { Mark } from "./mark.tsx";
import { bytesInWords, countInWords, durationInWords } from "./quantities.ts";
import { judge } from "./verdict.ts";
import { FIRST_VIEW, formatView, type View } from "./view.ts";

/** Whether all is well: one sentence with a mark, and further ones below it. */
export function Verdict({ overview, base }: { readonly overview: Overview; readonly base: string }) {
  const [gravest, ...others] = judge(overview);
  return (
    <div class="verdict">
      <h1>
        <Mark tone={gravest.tone} />
        {gravest.tone === "well" ? (
          <span>{gravest.sentence}</span>
        ) : (
          <a href={`${base}${formatView({ ...FIRST_VIEW, state: gravest.group })}`}>{gravest.sentence}</a>
        )}
      </h1>
      {others.length > 0 && (
        <ul>
          {others.map(({ tone, sentence, group }) => (
            <li>
              <Mark tone={tone} />
              <a href={`${base}${formatView({ ...FIRST_VIEW, state: group })}`}>{sentence}</a>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** A figure of the first screen: its label, its number, a line below it, and the list that it counts. */
interface Figure {
  readonly label: string;
  readonly group: string;
  readonly count: (overview: Overview) => number;
  readonly below: (overview: Overview) => string;
  /** Whether any at all are too many. */
  readonly isBad: boolean;
}

const FIGURES: readonly Figure[] = [
  {
    label: "Open",
    group: "open",
    count: (overview) => countIn(overview, groupOf("open")),
    below: (overview) => `${countInWords(countIn(overview, groupOf("all")))} known in all`,
    isBad: false,
  },
  {
    label: "Receiving now",
    group: "receiving",
    count: receivingNow,
    below: ({ receiving }) => `${bytesInWords(receiving.bytesPerSecond)}/s`,
    isBad: false,
  },
  {
    label: "Waiting for the origin",
    group: "waiting",
    count: (overview) => countIn(overview, groupOf("waiting")),
    below: ({ at, oldestWaitingSince: since }) =>
      since === null ? "none is whole" : `the oldest for ${durationInWords(at - since)}`,
    isBad: false,
  },
  {
    label: "Held",
    group: "held",
    count: (overview) => countIn(overview, groupOf("held")),
    below: (overview) => (countIn(overview, groupOf("held")) === 0 ? "nothing to decide" : "you decide"),
    isBad: true,
  },
  {
    label: "Failed in the last hour",
    group: "not-taken",
    count: ({ failedLastHour }) => failedLastHour,
    below: ({ failedLastHour }) =>
      failedLastHour === 0 ? "every attempt went through" : "attempts to hand over",
    isBad: true,
  },
];

/** Five figures, each a link to the list that it counts. */
export function Figures(properties: {
  readonly overview: Overview;
  readonly view: View;
  readonly base: string;
}) {
  const { overview, view, base } = properties;
  return (
    <nav aria-label="Uploads by what becomes of them">
      <ul class="figures">
        {FIGURES.map(({ label, group, count, below, isBad }) => {
          const number = count(overview);
          return (
            <li>
              <a
                href={`${base}${formatView({ ...FIRST_VIEW, state: group })}`}
                class={isBad && number > 0 ? "figure bad" : "figure"}
                aria-current={view.state === group ? "page" : undefined}
              >
                <span class="label">{label}</span>
                <strong>{countInWords(number)}</strong>
                <span class="below">{below(overview)}</span>
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
