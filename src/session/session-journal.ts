import type { UploadDirectory } from "../config/config.ts";
import { log, type LogEvent } from "../runtime/log.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import type { SessionId } from "../protocol/session-id.ts";
import { formatHresult } from "../protocol/write-ack.ts";
import { type SessionCounter, counterName } from "./session-counter.ts";
import type { SessionPacket, SessionRecord } from "../protocol/session-record.ts";
import type { SessionStore } from "./session-store.ts";
import { shardOfTicket } from "../signed/session-ticket.ts";

type Fields = Parameters<typeof log>[1];
type Tell = (counter: DurableObjectStub<SessionCounter>, sessionId: SessionId) => Promise<void>;

/** Where a session's journal gets what it writes, and whom it tells. */
export interface JournalSources {
  /** Of the object; null where the runtime does not tell it. */
  readonly name: string | null;
  readonly store: SessionStore;
  readonly counters: DurableObjectNamespace<SessionCounter>;
  /** The one that serves `destination`. */
  readonly directory: (destination: string | undefined) => UploadDirectory | null;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** What a session tells of itself: a line of the log for each event, and its end to the object that counts it. */
export class SessionJournal {
  readonly #sources: JournalSources;

  constructor(sources: JournalSources) {
    this.#sources = sources;
  }

  /** @param subject whose session it is, where the record does not say it */
  write(event: LogEvent, fields: Fields = {}, subject: SessionPacket | null = null): void {
    const { name, store, directory } = this.#sources;
    const about = store.knownRecord ?? subject;
    log(event, {
      session: about?.sessionId ?? name,
      directory: directory(about?.destination)?.path ?? null,
      destination: about?.destination.replace(/\?.*/s, "") ?? null,
      client: about?.clientAddress ?? null,
      offset: store.offset,
      ...fields,
    });
  }

  /** @param outcome null where the instance that made the attempt died and nobody saw it end */
  writeOutcome({ commit }: SessionRecord, outcome: CommitOutcome | null, milliseconds: number): void {
    const hresult = commit?.fault?.hresult ?? null;
    this.write("commit-ended", {
      attempt: commit?.attempts ?? 0,
      commit: commit?.id ?? null,
      milliseconds: Math.max(0, milliseconds), // a clock may have been put back meanwhile
      outcome: outcome?.kind ?? "orphaned",
      silence: outcome?.kind === "silent" ? outcome.why : null,
      originStatus: outcome !== null && "status" in outcome ? outcome.status : null,
      status: commit?.fault?.status ?? 200,
      hresult: hresult === null ? null : formatHresult(hresult),
    });
  }

  /** The session has sent something: it counts until `until`, milliseconds since 1970. */
  countOn(until: number): void {
    this.#tell((counter, sessionId) => counter.extend(sessionId, until));
  }

  /** The session has ended: its client may have another. */
  countOff(): void {
    this.#tell((counter, sessionId) => counter.release(sessionId));
  }

  /** Tells the object that counts the client's sessions, where the directory limits them; nobody waits. */
  #tell(tell: Tell): void {
    const { store, counters, waitUntil } = this.#sources;
    const { record } = store;
    const directory = this.#sources.directory(record?.destination);
    if (directory === null || directory.maximumSessionsPerClient === null || record === null) return;
    const { sessionId } = record;
    const counter = counters.getByName(counterName(directory.path, shardOfTicket(sessionId)));
    waitUntil(
      tell(counter, sessionId).catch((error: unknown) => {
        this.write("failed", { during: "count", error: String(error) });
      }),
    );
  }
}
