import type { Uploader } from "../client/uploader.ts";
import type { Origin } from "../edge/origin.ts";
import type { Figure } from "../measure/figure.ts";
import type { Progress } from "../measure/progress.ts";

/** What every suite is given to work with. */
export interface Stage {
  readonly uploader: Uploader;
  readonly origin: Origin;
  readonly progress: Progress;
  /** Runs of each figure: 5, or 3 where it is to be quick. */
  readonly rounds: number;
  readonly isQuick: boolean;
  /** Folder on a disk; undefined for the system's own. */
  readonly disk: string | undefined;
}

/** A part of the benchmark that can be run alone. */
export interface Suite {
  readonly name: string;
  /** One line for the report. */
  readonly title: string;
  /** Runs that one round of it takes, for the progress bar. */
  readonly steps: number;
  run(stage: Stage): Promise<readonly Figure[]>;
}
