import type { Overview } from "../seat.ts";
import { Moment } from "./moment.tsx";
import { bytesInWords, countInWords, countOf, isoTime } from "./quantities.ts";

type Hours = Overview["hours"];
type Hour = Hours[number];

/** An hour's place in a plot; the plot's height. Both are stretched to what room there is. */
const STEP = 10;
const BAR = 7;
const HEIGHT = 60;
/** A label stands below every sixth hour. */
const LABELLED = 6;

/** One of a plot's stacked parts: what of an hour it shows, and how it looks. */
interface Part {
  readonly look: string;
  readonly of: (hour: Hour) => number;
}

const UPLOADS: readonly Part[] = [
  { look: "done", of: ({ committed }) => committed },
  { look: "failed", of: ({ failed }) => failed },
];
const BYTES: readonly Part[] = [{ look: "bytes", of: ({ bytes }) => bytes }];

/** The last 24 hours: two plots over the same hours, and the table behind them. */
export function Chart({ hours }: { readonly hours: Hours }) {
  if (hours.length === 0) return null;
  const sum = (of: (hour: Hour) => number): number => hours.reduce((total, hour) => total + of(hour), 0);
  const done = sum(({ committed }) => committed);
  const failed = sum((hour) => hour.failed);
  const bytes = sum((hour) => hour.bytes);
  return (
    <section class="chart" aria-labelledby="chart">
      <h2 id="chart">The last 24 hours</h2>
      <div class="plots">
        <Plot hours={hours} parts={UPLOADS} inWords={countInWords}>
          <span class="key done">{countOf(done, "upload")} handed over</span>
          <span class="key failed">{countOf(failed, "attempt")} failed</span>
        </Plot>
        <Plot hours={hours} parts={BYTES} inWords={bytesInWords}>
          <span class="key bytes">{bytesInWords(bytes)} received</span>
        </Plot>
      </div>
      <HoursTable hours={hours} />
    </section>
  );
}

function Plot(properties: {
  readonly hours: Hours;
  readonly parts: readonly Part[];
  readonly inWords: (value: number) => string;
  readonly children: unknown;
}) {
  const { hours, parts, inWords } = properties;
  const totals = hours.map((hour) => parts.reduce((sum, { of }) => sum + of(hour), 0));
  const most = Math.max(...totals);
  return (
    <figure>
      <figcaption>
        {properties.children}
        {most > 0 && <span class="most">at most {inWords(most)} an hour</span>}
      </figcaption>
      <div class="plot">
        <svg viewBox={`0 0 ${hours.length * STEP} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {hours.map((hour, index) => (
            <Bar hour={hour} x={index * STEP} parts={parts} most={most} inWords={inWords} />
          ))}
        </svg>
      </div>
      <div class="hours" aria-hidden="true">
        {hours
          .filter((_, index) => index % LABELLED === 0)
          .map(({ at }) => (
            <time datetime={isoTime(at)} data-hour>
              {isoTime(at).slice(11, 16)}
            </time>
          ))}
      </div>
    </figure>
  );
}

function Bar(properties: {
  readonly hour: Hour;
  readonly x: number;
  readonly parts: readonly Part[];
  readonly most: number;
  readonly inWords: (value: number) => string;
}) {
  const { hour, x, parts, most, inWords } = properties;
  let top = HEIGHT;
  return (
    <g>
      <title>{`${isoTime(hour.at).slice(11, 16)}: ${parts.map(({ of, look }) => `${inWords(of(hour))} ${LOOKS[look] ?? ""}`).join(", ")}`}</title>
      <rect class="ground" x={x} y="0" width={BAR} height={HEIGHT} />
      {parts.map(({ look, of }) => {
        const value = of(hour);
        if (value <= 0) return null;
        // What is there is seen, however small it is beside the rest.
        const height = Math.max(1.5, (HEIGHT * value) / most);
        top = Math.max(0, top - height);
        return <rect class={look} x={x} y={round(top)} width={BAR} height={round(height)} />;
      })}
    </g>
  );
}

const LOOKS: Readonly<Record<string, string>> = { done: "handed over", failed: "failed", bytes: "received" };

function round(length: number): string {
  return length.toFixed(2);
}

function HoursTable({ hours }: { readonly hours: Hours }) {
  return (
    <details class="behind">
      <summary>These hours as a table</summary>
      <table>
        <caption class="unseen">Uploads, failures and bytes by the hour</caption>
        <thead>
          <tr>
            <th scope="col">Hour from</th>
            <th scope="col" class="number">
              Handed over
            </th>
            <th scope="col" class="number">
              Failed attempts
            </th>
            <th scope="col" class="number">
              Received
            </th>
          </tr>
        </thead>
        <tbody>
          {hours.toReversed().map(({ at, committed, failed, bytes }) => (
            <tr>
              <th scope="row">
                <Moment at={at} isExact />
              </th>
              <td class="number">{countInWords(committed)}</td>
              <td class="number">{countInWords(failed)}</td>
              <td class="number">{bytesInWords(bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
