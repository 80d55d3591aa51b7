import type { UploadDirectory } from "../config/config.ts";
import { hasOperators } from "../config/operator-settings.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { SessionRecord } from "../protocol/session-record.ts";
import { isInSharedObject } from "../signed/session-place.ts";
import type { SessionSummary } from "./operator-calls.ts";
import type { SessionJournal } from "./session-journal.ts";
import type { SessionStore } from "./session-store.ts";
import type { RemoteIndex } from "./session-world.ts";
import { summarize } from "./summary.ts";
import type { Surroundings } from "./surroundings.ts";

/** Whose entry it is. */
interface Subject {
  readonly id: SessionId;
  readonly store: SessionStore;
  readonly journal: SessionJournal;
  readonly isHandingOver: boolean;
  directory(): UploadDirectory | null;
  endOf(record: SessionRecord): number;
}

/**
 * The session's entry in its operator's list. An object that sessions share keeps the list of its own sessions, in the
 * steps that change them. The others are listed by the objects of class `SessionIndex`: nobody waits for what they are told.
 */
export class ListEntry {
  readonly #session: Subject;
  readonly #surroundings: Surroundings;

  constructor(session: Subject, surroundings: Surroundings) {
    this.#session = session;
    this.#surroundings = surroundings;
  }

  /** The session as its operator sees it just now; null if nothing is stored of it. */
  get summary(): SessionSummary | null {
    return this.#summarize(this.#session.isHandingOver);
  }

  /**
   * Puts the session into the object's own list, if it has one or an operator may come to read one; a part of the step that
   * calls it. On a disk a list that nobody reads would cost small sessions a fifth of their speed (docs/performance.md).
   */
  putHere(): void {
    const { listing, world } = this.#surroundings;
    const isWanted = isInSharedObject(this.#session.id) && hasOperators(world.config().operator);
    if (!isWanted && !listing.isKept) return;
    const row = this.#row;
    if (row !== null) listing.put(row, world.now());
  }

  /** Tells the index where the session stands, if it has an object of its own. @returns whether there is an index to tell */
  putElsewhere(): boolean {
    return this.#tellIndex(async (index) => {
      const row = this.#row;
      if (row !== null) await index.put(row);
    });
  }

  /** The session is known no more: removes its entry, wherever that is. */
  remove(): void {
    const { id } = this.#session;
    this.#surroundings.listing.remove(id);
    this.#tellIndex((index) => index.remove(id));
  }

  /** The entry as it is stored. While an attempt is being settled, the record's word about the attempt counts already. */
  get #row(): SessionSummary | null {
    return this.#summarize(this.#session.store.knownRecord?.state === "committing");
  }

  #summarize(isHandingOver: boolean): SessionSummary | null {
    const { id, store } = this.#session;
    const { broken, fragments, knownRecord } = store;
    const record = knownRecord ?? broken;
    if (record === null) return null;
    const directory = this.#session.directory();
    const until = knownRecord === null ? 0 : this.#session.endOf(knownRecord);
    return summarize(record, { id, fragments, directory, isHandingOver, until });
  }

  #tellIndex(tell: (index: RemoteIndex) => Promise<void>): boolean {
    const { id, journal } = this.#session;
    const { world } = this.#surroundings;
    const index = isInSharedObject(id) ? null : world.index(id);
    if (index === null) return false;
    world.keepAlive(
      tell(index).catch((error: unknown) => {
        journal.write("failed", { during: "list", error: String(error) });
      }),
    );
    return true;
  }
}
