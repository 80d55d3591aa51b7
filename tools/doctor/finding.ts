/** What a step of the examination found. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly step: string;
  /** `good`: a tick. `bad`: a cross, clients fail by it. `doubtful`: they get by. `none`: it could not be looked at. */
  readonly mark: "good" | "bad" | "doubtful" | "none";
  /** What was seen, in a line. */
  readonly says: string;
  /** What it means to clients; only where all is not well. */
  readonly means?: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** A finding that is as it should be. */
export function good(step: string, says: string): Finding {
  return { step, mark: "good", says };
}

/** One that clients fail by. */
export function bad(step: string, says: string, means: string, advice: string): Finding {
  return { step, mark: "bad", says, means, advice };
}

/** One that clients get by, with some loss. */
export function doubtful(step: string, says: string, means: string, advice: string): Finding {
  return { step, mark: "doubtful", says, means, advice };
}

/** One that was not looked at, and why. */
export function none(step: string, says: string): Finding {
  return { step, mark: "none", says };
}
