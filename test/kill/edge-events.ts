import type { LogLine } from "../support/child-program.ts";
import type { Observer, Sight } from "./moments.ts";

/** A line of the edge's log that tells of a session. */
export interface EdgeEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  readonly session: string;
  readonly destination: string;
  readonly outcome: string | null;
  /** The line as it was printed. */
  readonly text: string;
}

/** What edges say of sessions, in the order in which it is heard. */
export class EdgeEvents {
  /** What was said that is no event of a session: an edge's own faults, and the runtime's. */
  readonly complaints: string[] = [];
  readonly #events = new Map<string, EdgeEvent[]>();
  readonly #observe: Observer;

  constructor(observe: Observer) {
    this.#observe = observe;
  }

  /** Hears every line of `logs` as it comes, and keeps none there: at a moment's kill there is no time to look for it later. */
  follow(logs: LogLine[]): void {
    logs.push = (...lines) => {
      for (const line of lines) this.#read(line);
      return 0;
    };
  }

  /** What the log says of the sessions of a destination, in order. */
  of(destination: string): readonly EdgeEvent[] {
    return this.#events.get(destination) ?? [];
  }

  /** Drops what was kept of a destination. */
  forget(destination: string): void {
    this.#events.delete(destination);
  }

  #read({ json, text }: LogLine): void {
    if (typeof json !== "object" || json === null || !("destination" in json)) {
      this.complaints.push(text);
      return;
    }
    const fields: Record<string, unknown> = { ...json };
    const textOf = (name: string): string => {
      const value = fields[name];
      return typeof value === "string" ? value : "";
    };
    const event = textOf("event");
    const destination = textOf("destination");
    const outcome = textOf("outcome") || null;
    const at = Date.parse(textOf("at"));
    const isDelivered = outcome === "accepted" && this.#isFirstAcceptance(destination);
    const known = { at, event, session: textOf("session"), destination, outcome, text };
    this.#events.set(destination, [...this.of(destination), known]);
    const sight: Sight | undefined = outcome === "orphaned" ? "log:orphaned" : SIGHTS.get(event);
    if (sight !== undefined) this.#observe(sight, destination);
    if (isDelivered) this.#observe("log:delivered", destination);
  }

  /** Of a file that has a way of its own to go after the application has taken it, there are two. */
  #isFirstAcceptance(destination: string): boolean {
    return !this.of(destination).some(({ outcome }) => outcome === "accepted");
  }
}

const SIGHTS = new Map<string, Sight>([
  ["completed", "log:completed"],
  ["commit-started", "log:commit-started"],
  ["commit-ended", "log:commit-ended"],
  ["expired", "log:expired"],
]);
