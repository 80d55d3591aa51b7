import { type Config, directoryOf, type UploadDirectory } from "../config/config.ts";
import { issuedAtOf, type SessionId } from "../protocol/session-id.ts";
import type { SessionPacket, SessionRecord } from "../protocol/session-record.ts";
import { isTombstone, open, type SessionState, stateOf } from "../protocol/transitions.ts";
import { ClientPlace } from "./client-place.ts";
import { DEFAULT_TIMEOUT_SECONDS, endOf, timeoutMsIn } from "./lifetime.ts";
import { ListEntry } from "./list-entry.ts";
import { BEGIN_WITHIN_MS } from "./open-sessions.ts";
import { SessionJournal } from "./session-journal.ts";
import { SessionStore } from "./session-store.ts";
import type { SessionWorld } from "./session-world.ts";
import type { StagedFragments } from "./staged-fragments.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * One upload session: what is stored of it, whose settings hold for it, where it stands and how long it lives. The parts
 * of a session that do something (intake, outbox, ending) all work on this one object.
 */
export class Session {
  readonly id: SessionId;
  readonly store: SessionStore;
  readonly journal: SessionJournal;
  readonly place: ClientPlace;
  readonly listed: ListEntry;
  /** Whether this instance is handing the upload over just now; the outbox says it. */
  isHandingOver = false;
  readonly #surroundings: Surroundings;
  /** Time of the last accepted packet, which need not have stored anything. */
  #heardAt = 0;

  constructor(id: SessionId, surroundings: Surroundings) {
    this.id = id;
    this.#surroundings = surroundings;
    this.store = new SessionStore(id, surroundings);
    this.journal = new SessionJournal(this);
    this.place = new ClientPlace(this, surroundings);
    this.listed = new ListEntry(this, surroundings);
  }

  get world(): SessionWorld {
    return this.#surroundings.world;
  }

  get staged(): StagedFragments {
    return this.#surroundings.staged;
  }

  get config(): Config {
    return this.world.config();
  }

  /** The directory that serves `destination`; the session's own by default. Null if none does any more. */
  directory(destination = this.store.knownRecord?.destination): UploadDirectory | null {
    return destination === undefined ? null : directoryOf(this.config, destination);
  }

  /** Where the session stands. */
  get state(): SessionState {
    const { record, fragments } = this.store;
    return stateOf(record, fragments.length, this.directory(), this.isHandingOver);
  }

  /**
   * The state that a packet finds. The packet counts as heard. Null if the session is over and nobody knows it any
   * more.
   */
  stateFor(packet: SessionPacket): SessionState | null {
    const now = this.world.now();
    if (this.#isOverFor(packet, now)) return null;
    this.heard(now);
    return this.state;
  }

  /** A packet was accepted, or data fetched: the session's time starts again, as long as the session stays in memory. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  timeoutMs(destination: string): number {
    return timeoutMsIn(this.directory(destination));
  }

  /**
   * When everything of the session is removed (ruling 23, session timeout), milliseconds since 1970: the timeout after the
   * last accepted packet. If the clock was set back, that packet may be dated before the id was issued. The end must not be
   * earlier than the id's own, or the id would begin a second session.
   */
  endOf(record: SessionRecord): number {
    const heardAt = Math.max(this.store.fragments.lastReceivedAt, this.#heardAt);
    return endOf(record, heardAt, this.directory(record.destination));
  }

  /** The latest end that a session with this id can have, if nothing else of it can be read. */
  get latestEnd(): number {
    const timeouts = this.config.directories.map(({ sessionTimeoutSeconds }) => sessionTimeoutSeconds);
    return issuedAtOf(this.id) + Math.max(DEFAULT_TIMEOUT_SECONDS, ...timeouts) * 1000;
  }

  /** Stores a record if there is none, so that the session ends even if no more packets come. */
  announce(packet: SessionPacket): void {
    if (this.store.record !== null) return;
    const now = this.world.now();
    this.store.atomically(() =>
      this.store.save(open(packet, null, now), now + this.timeoutMs(packet.destination)),
    );
  }

  /**
   * Stores the session's next record, and releases the bytes that it no longer needs. If the session ends, the client's
   * place is given back in the same transaction: even on a full disk no ended session is counted.
   */
  settle(record: SessionRecord): void {
    const hasEnded = isTombstone(record);
    this.store.atomically(() => {
      this.store.saveAndRelease(record, record.changedAt + this.timeoutMs(record.destination));
      if (hasEnded) this.place.releaseHere();
      this.listed.putHere();
    });
    if (hasEnded) this.place.releaseElsewhere();
    this.listed.putElsewhere();
  }

  /** An operator has the session's time start again. */
  extend(record: SessionRecord): void {
    const now = this.world.now();
    this.heard(now);
    const extended = { ...record, changedAt: now };
    this.store.atomically(() => {
      this.store.save(extended, this.endOf(extended));
      this.store.postpone(this.endOf(extended));
      this.listed.putHere();
    });
    this.place.keepUntil(this.endOf(extended));
    this.listed.putElsewhere();
  }

  /** Removes everything that is stored of the session. It may begin again, as long as its id is good. */
  forget(): void {
    this.place.releaseHere();
    this.place.releaseElsewhere();
    this.staged.discardOf(this.id);
    this.listed.remove();
    this.store.forget(this.world.now());
  }

  /**
   * Nothing is stored for a session that was only created, nor for one that has expired. The age of the id tells them
   * apart: a session is never removed before its id is as old as the timeout. If the directory limits sessions, a session
   * that has sent nothing within an hour is no longer counted, and so it must not begin.
   */
  #isOverFor({ issuedAt, destination }: SessionPacket, now: number): boolean {
    if (this.store.isForgotten) return true;
    if (this.isHandingOver) return false;
    const { record } = this.store;
    const end = record === null ? issuedAt + this.timeoutMs(destination) : this.endOf(record);
    const isLimited = (this.directory(destination)?.maximumSessionsPerClient ?? null) !== null;
    const isUnbegun = (record?.total ?? null) === null && (record?.state ?? "receiving") === "receiving";
    return (isLimited && isUnbegun ? Math.min(end, issuedAt + BEGIN_WITHIN_MS) : end) <= now;
  }
}
