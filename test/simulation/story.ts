/** What happened in a world, line by line, as a capture reads. */
export class Story {
  readonly #lines: string[] | null;
  readonly #clock: () => number;
  readonly #start: number;

  /** @param isKept whether anybody will read it; nothing is written else */
  constructor(isKept: boolean, clock: () => number) {
    this.#lines = isKept ? [] : null;
    this.#clock = clock;
    this.#start = clock();
  }

  tell(who: string, what: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (this.#lines === null) return;
    const seconds = ((this.#clock() - this.#start) / 1000).toFixed(3).padStart(12);
    const details = Object.entries(fields)
      .filter(
        ([name, value]) =>
          value !== null && !["session", "directory", "destination", "client"].includes(name),
      )
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    this.#lines.push([seconds, who.padEnd(10), what, ...details].join(" "));
  }

  get text(): string {
    return this.#lines?.join("\n") ?? "";
  }
}
