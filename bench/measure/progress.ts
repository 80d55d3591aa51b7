import { Presets, SingleBar } from "cli-progress";

/** How far the whole run has come; steps are added as suites announce them. */
export class Progress {
  readonly #bar = new SingleBar(
    {
      format: "{bar} {value}/{total}  {duration_formatted}  {what}",
      fps: 4,
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 30_000,
      formatValue: (value, _options, type) => (type === "duration" ? `${value} s` : String(value)),
      formatTime: (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`,
    },
    Presets.shades_classic,
  );

  constructor() {
    this.#bar.start(0, 0, { what: "" });
  }

  expect(steps: number): void {
    this.#bar.setTotal(this.#bar.getTotal() + steps);
  }

  say(what: string): void {
    this.#bar.update({ what });
  }

  step(): void {
    this.#bar.increment();
  }

  stop(): void {
    this.#bar.update({ what: "" });
    this.#bar.stop();
  }
}
