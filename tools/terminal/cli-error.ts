/**
 * Exit codes that a script can rely on. `later`: the same command goes on where it stopped. They are in docs/cli.md.
 */
export const EXIT = {
  done: 0,
  refused: 1,
  usage: 2,
  later: 3,
  unauthorized: 4,
  unknown: 5,
} as const;

export type Ending = keyof typeof EXIT;

/** What the person at the keyboard has to put right: a sentence or two, shown without a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly ending: Ending;

  constructor(ending: Ending, message: string) {
    super(message);
    this.ending = ending;
  }
}
