import type { UploadDirectory } from "../config/config.ts";
import type { SessionId } from "../protocol/session-id.ts";
import { counterNameOf, isInSharedObject } from "../signed/session-place.ts";
import type { SessionJournal } from "./session-journal.ts";
import type { SessionWorld } from "./session-world.ts";
import type { Surroundings } from "./surroundings.ts";

/** Whose place it is. */
interface Subject {
  readonly id: SessionId;
  readonly journal: SessionJournal;
  directory(): UploadDirectory | null;
}

/**
 * The session's place among those that its client may have open, where its directory limits them. An object that sessions
 * share counts them itself, in the steps that change them. The others are counted by an object of class `SessionCounter`:
 * nobody waits for what it is told.
 */
export class ClientPlace {
  readonly #session: Subject;
  readonly #surroundings: Surroundings;

  constructor(session: Subject, surroundings: Surroundings) {
    this.#session = session;
    this.#surroundings = surroundings;
  }

  /** The place is taken until `until`, milliseconds since 1970. */
  keepUntil(until: number): void {
    if (!this.#isCounted) return;
    const { id } = this.#session;
    if (isInSharedObject(id)) this.#surroundings.openSessions.extend(id, until);
    else this.#tellCounter((counter) => counter.extend(id, until));
  }

  /** Gives back a place that this object counts; a part of the step that calls it. */
  releaseHere(): void {
    const { id } = this.#session;
    if (this.#isCounted && isInSharedObject(id)) this.#surroundings.openSessions.release(id);
  }

  /** Gives back a place that another object counts; for when the end of the session is stored. */
  releaseElsewhere(): void {
    const { id } = this.#session;
    if (this.#isCounted && !isInSharedObject(id)) this.#tellCounter((counter) => counter.release(id));
  }

  get #isCounted(): boolean {
    return (this.#session.directory()?.maximumSessionsPerClient ?? null) !== null;
  }

  #tellCounter(tell: (counter: ReturnType<SessionWorld["counter"]>) => Promise<void>): void {
    const { id, journal } = this.#session;
    const { world } = this.#surroundings;
    const directory = this.#session.directory();
    if (directory === null) return;
    const counter = world.counter(counterNameOf(directory.path, id));
    world.keepAlive(
      tell(counter).catch((error: unknown) => {
        journal.write("failed", { during: "count", error: String(error) });
      }),
    );
  }
}
