/** Memory at a time of a run. */
export interface Sample {
  readonly minutes: number;
  readonly mebibytes: number;
}

/** What a run's beginning does to memory says nothing of its end: caches fill, the heap finds its size. */
const WARM_UP = 1 / 3;
/** Growth over the rest of the run that is still called flat, as a part of what was in use. */
const FLAT = 0.1;

/** Whether memory has come to rest, and the sentence that says so. */
interface Flatness {
  readonly isFlat: boolean;
  readonly words: string;
}

/** Judges by the line of least squares through all but the run's first third. */
export function judgeFlatness(samples: readonly Sample[]): Flatness {
  const end = samples.at(-1)?.minutes ?? 0;
  const late = samples.filter(({ minutes }) => minutes >= end * WARM_UP);
  const most = Math.max(...samples.map(({ mebibytes }) => mebibytes));
  const mean = (of: (sample: Sample) => number): number =>
    late.reduce((sum, sample) => sum + of(sample), 0) / late.length;
  const [x, y] = [mean(({ minutes }) => minutes), mean(({ mebibytes }) => mebibytes)];
  const variance = mean(({ minutes }) => (minutes - x) ** 2);
  const slope = mean(({ minutes, mebibytes }) => (minutes - x) * (mebibytes - y)) / variance;
  const growth = slope * end * (1 - WARM_UP);
  const isFlat = growth <= FLAT * y;
  const numbers = [
    `${slope.toFixed(1)} MiB a minute over the last two thirds (${late.length} samples)`,
    `${y.toFixed(0)} MiB on average there`,
    `${most.toFixed(0)} MiB at most`,
  ];
  const verdict = isFlat ? "flat" : "growing";
  return { isFlat, words: `memory of the edge: ${verdict}; ${numbers.join(", ")}` };
}
