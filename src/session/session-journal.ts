import type { UploadDirectory } from "../config/config.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { SessionPacket, SessionRecord } from "../protocol/session-record.ts";
import { formatHresult } from "../protocol/write-ack.ts";
import type { LogEvent } from "../runtime/log.ts";
import type { SessionStore } from "./session-store.ts";
import type { SessionWorld } from "./session-world.ts";

type Fields = Parameters<SessionWorld["log"]>[1];

/** Whose journal it is. */
interface Subject {
  readonly id: SessionId;
  readonly store: SessionStore;
  readonly world: SessionWorld;
  /** The directory that serves `destination`. */
  directory(destination: string | undefined): UploadDirectory | null;
}

/** What a session tells the operator: a line of the log for each event. */
export class SessionJournal {
  readonly #session: Subject;

  constructor(session: Subject) {
    this.#session = session;
  }

  /** @param subject whose session it is, if the record does not say it */
  write(event: LogEvent, fields: Fields = {}, subject: SessionPacket | null = null): void {
    const { id, store, world } = this.#session;
    const about = store.knownRecord ?? subject;
    world.log(event, {
      session: id,
      directory: this.#session.directory(about?.destination)?.path ?? null,
      destination: about?.destination.replace(/\?.*/s, "") ?? null,
      client: about?.clientAddress ?? null,
      offset: store.offset,
      ...fields,
    });
  }

  /** @param outcome null if the instance that made the attempt died and nobody saw it end */
  writeOutcome(record: SessionRecord, outcome: CommitOutcome | null, milliseconds: number): void {
    const { commit } = record;
    this.#measure(record, outcome, milliseconds);
    const hresult = commit?.fault?.hresult ?? null;
    this.write("commit-ended", {
      attempt: commit?.attempts ?? 0,
      commit: commit?.id ?? null,
      milliseconds: Math.max(0, milliseconds), // the clock may have been put back meanwhile
      outcome: outcome?.kind ?? "orphaned",
      silence: outcome?.kind === "silent" ? outcome.why : null,
      originStatus: outcome !== null && "status" in outcome ? outcome.status : null,
      status: commit?.fault?.status ?? 200,
      hresult: hresult === null ? null : formatHresult(hresult),
    });
  }

  #measure(record: SessionRecord, outcome: CommitOutcome | null, milliseconds: number): void {
    const { world } = this.#session;
    const { commit, history, changedAt, total, destination } = record;
    const directory = this.#session.directory(destination)?.path ?? "none";
    world.observe("bitsedge_commit_duration_seconds", { directory }, Math.max(0, milliseconds) / 1000);
    const isFirst = history?.some(
      ({ event, outcome: came }) => event === "commit-ended" && came === "accepted",
    );
    if (outcome?.kind === "accepted" && isFirst !== true) {
      const begunAt = history?.[0]?.at ?? record.issuedAt;
      world.observe(
        "bitsedge_upload_duration_seconds",
        { directory },
        Math.max(0, changedAt - begunAt) / 1000,
      );
      world.count("bitsedge_committed_bytes_total", { directory }, total ?? 0);
    }
    const came = outcome === null ? "orphaned" : (commit?.fault?.fault ?? "accepted");
    world.count("bitsedge_commits_total", { directory, outcome: came });
  }
}
