import type { CommitOutcome } from "../protocol/reflect.ts";
import type { SessionRecord } from "../protocol/session-record.ts";
import { needs, settle } from "../protocol/transitions.ts";
import { DEEDS, deedsOf, nameOf, type DeedName } from "./deeds.ts";
import type { Ending } from "./ending.ts";
import type { Deed, DeedResult, SessionDetails } from "./operator-calls.ts";
import type { Outbox } from "./outbox.ts";
import type { Session } from "./session.ts";

/** How long a deed waits for the attempt that it starts. */
const PATIENCE_SECONDS = 10;
/** The operator says that the application has the upload: this outcome stands for the answer that nobody heard. */
const BY_WORD: CommitOutcome = {
  kind: "accepted",
  status: 200,
  copyToDestination: false,
  staticReplyUrl: null,
};

const NO_DIRECTORY = { why: "No upload directory serves its destination any more." };
const REPLY_WAITS = { why: "The application has it, and its client is still to fetch the reply." };
const UNREADABLE = {
  why: "What is stored of it cannot be read by this edge: it can be cancelled, and nothing else.",
};
const NEWER = { why: "A newer version of the edge has stored it: only that one may touch it." };

/** What an operator sees of a session and does to it. It counts as no packet. */
export class OperatorActs {
  readonly #session: Session;
  readonly #outbox: Outbox;
  readonly #ending: Ending;

  constructor(session: Session, outbox: Outbox, ending: Ending) {
    this.#session = session;
    this.#outbox = outbox;
    this.#ending = ending;
  }

  describe(): SessionDetails | null {
    const { store } = this.#session;
    const summary = this.#isOver ? null : this.#session.listed.summary;
    if (summary === null) return null;
    const record = store.knownRecord;
    const isReadable = record !== null && summary.state !== "unreadable" && summary.state !== "newer";
    return {
      ...summary,
      history: record?.history ?? [],
      digest: record?.digest ?? null,
      idempotencyKey: record?.commit?.id || null,
      lastAnswer: record?.lastAnswer ?? null,
      deeds: isReadable ? this.#deeds(record) : deedsOfBroken(summary.state),
      hasBytes: isReadable && record.total === store.fragments.length && needs(record).entity,
    };
  }

  async act(deed: Deed, by: string): Promise<DeedResult> {
    const { store, world } = this.#session;
    if (this.#isOver) return { result: "unknown" };
    if (store.isUnreadable && deed.kind === "cancel") {
      this.#session.forget();
      return { result: "done", session: null };
    }
    const record = store.knownRecord;
    if (record === null) return { result: "refused", ...(store.isUnreadable ? UNREADABLE : NEWER) };
    const refusal = this.#do(nameOf(deed), record, () =>
      store.notes.add({ at: world.now(), event: "operator-deed", outcome: nameOf(deed), by }),
    );
    if (refusal !== null) return { result: "refused", ...refusal };
    await this.#outbox.ended(PATIENCE_SECONDS);
    return { result: "done", session: this.describe() };
  }

  /** @returns why not; null if it is done, or on its way */
  #do(deed: DeedName, record: SessionRecord, note: () => void): { readonly why: string } | null {
    const action = DEEDS[this.#session.state][deed];
    if (typeof action === "object") return action;
    if (action === "nothing" || action === "join") return null;
    const directory = this.#session.directory();
    switch (action) {
      case "start":
        if (directory === null) return NO_DIRECTORY;
        note();
        this.#outbox.start(directory);
        return null;
      case "place":
        if (record.delivery?.copyToDestination !== true) return REPLY_WAITS;
        if (directory === null) return NO_DIRECTORY;
        note();
        this.#outbox.start(directory);
        return null;
      case "accept":
        if (directory === null) return NO_DIRECTORY;
        note();
        // If the application gave a reply, it is lost. The client gets no reply, rather than an empty one.
        this.#session.settle(
          settle(record, BY_WORD, { ...directory, reply: false }, this.#session.world.now()),
        );
        return null;
      case "bury":
        note();
        this.#ending.bury(record, "cancelled");
        return null;
      case "extend":
        note();
        this.#session.extend(record);
        return null;
    }
  }

  #deeds(record: SessionRecord): SessionDetails["deeds"] {
    const deeds = deedsOf(this.#session.state);
    const hasNothingToPlace = record.state === "delivered" && record.delivery?.copyToDestination !== true;
    const isServed = this.#session.directory() !== null;
    return {
      ...deeds,
      commit: deeds.commit && isServed && !hasNothingToPlace,
      release: deeds.release && isServed,
    };
  }

  /** Nobody knows the session any more: nothing of it is stored, or its time is over. */
  get #isOver(): boolean {
    const { store, isHandingOver, world } = this.#session;
    const record = store.knownRecord;
    if (store.isForgotten || (record === null && store.broken === null)) return true;
    return record !== null && !isHandingOver && this.#session.endOf(record) <= world.now();
  }
}

/** What is left to do for a session whose record this edge cannot go by. */
function deedsOfBroken(state: SessionDetails["state"]): SessionDetails["deeds"] {
  return { commit: false, release: false, cancel: state === "unreadable", prolong: false };
}
