import type { Answer } from "../protocol/session-answer.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import type { SignedUrlKind } from "../signed/signed-url.ts";
import { AlarmRound } from "./alarm-round.ts";
import type { HostStorage } from "./host-storage.ts";
import { HostList } from "./host-list.ts";
import { LiveSession } from "./live-session.ts";
import type { Applicant } from "./open-sessions.ts";
import type {
  Deed,
  DeedResult,
  ListFigures,
  ListPage,
  ListQuery,
  OperatorCalls,
  SessionDetails,
} from "./operator-calls.ts";
import { giveUpReserve, holdReserve } from "./reserve.ts";
import type { DataSize, FragmentRange, Piece, ReplyPiece, SessionCalls } from "./session-calls.ts";
import type { SegmentHolder } from "./segment-calls.ts";
import type { SessionWorld } from "./session-world.ts";
import { SILENT_AFTER_MS } from "./staged-fragments.ts";
import { surround } from "./surround.ts";
import type { Surroundings } from "./surroundings.ts";

/** So many idle sessions stay in memory at most: the ones that were heard of last. */
const MOST_LIVE = 256;

/**
 * The sessions of one object. Theory of operation:
 *
 * An object has one SQLite file, one alarm and one thread, for one session or for many. On Cloudflare each session has an
 * object of its own, near its client and with 10 GB to itself, which is named by the session's id. Self-hosted, sessions
 * share objects, because opening a database costs more than a small upload; there the id carries the number of the object.
 * The code is the same: a session finds its row by its id, the row has an integer key, and the session's bytes are the
 * rows of `fragments` and `replies` under that key. The stored tables tell two differences: tables that only one session
 * ever used are dropped, which is billed as nothing, and shared tables have indexes.
 *
 * `#live` has the sessions in memory. A session is loaded when a packet or the alarm asks for it. When there are too many,
 * idle ones leave memory, so ten thousand open sessions cost no more memory than some hundred. A session that leaves
 * memory loses what an eviction of the object loses: its digest so far, which is computed again from the stored bytes, and
 * the time of a packet that stored nothing.
 *
 * Each row says when its session is due: to be taken up again if the object dies in a commit, to have its bytes swept, or
 * to end. The alarm rings at the earliest of these times or before. Its round (alarm-round.ts) looks after the sessions
 * that are due, starts what takes longer, sets the alarm again and returns. It never waits for an origin. If the record or
 * the configuration is broken, the session is looked after again in a minute, and the others go on.
 *
 * A session cannot harm its neighbours by what it does: an exception ends its own call only, its bytes are removed in
 * slices, and its reads are bounded. The runtime can harm all of them: if the disk is full and a transaction cannot be
 * written, the runtime starts the object anew, and each session goes on from its stored rows.
 */
export class SessionHost implements SessionCalls, OperatorCalls, SegmentHolder {
  readonly #surroundings: Surroundings;
  /** The sessions in memory; the one that was heard of last comes last. */
  readonly #live = new Map<SessionId, LiveSession>();
  readonly #list: HostList;
  readonly #round: AlarmRound;

  constructor(storage: HostStorage, world: SessionWorld) {
    this.#surroundings = surround(storage, world);
    this.#list = new HostList(this.#surroundings, ({ id }) => this.#live.get(id)?.isHandingOver === true);
    this.#round = new AlarmRound(
      this.#surroundings,
      (id) => this.#session(id).wake(),
      (id) => this.#tellAgain(id),
    );
  }

  announce(packet: SessionPacket): void {
    this.#session(packet.sessionId).announce(packet);
  }

  admit(applicant: Applicant): boolean {
    const { openSessions, world } = this.#surroundings;
    return openSessions.admit(applicant, world.now());
  }

  append(packet: SessionPacket, piece: Piece): Answer {
    const { sweeper, world } = this.#surroundings;
    sweeper.keepPace(piece.bytes.byteLength);
    this.#list.inflow.add(packet.sessionId, piece.bytes.byteLength, world.now());
    return this.#session(packet.sessionId).append(packet, piece);
  }

  stage(packet: SessionPacket, fragment: string, piece: Omit<Piece, "first">): void {
    const { alarm, staged, world } = this.#surroundings;
    this.#list.inflow.add(packet.sessionId, piece.bytes.byteLength, world.now());
    this.#session(packet.sessionId).stage(packet, fragment, piece);
    if (staged.size > 0) alarm.wakeBy(world.now() + SILENT_AFTER_MS);
  }

  adopt(packet: SessionPacket, fragment: string, range: FragmentRange): Answer {
    return this.#session(packet.sessionId).adopt(packet, fragment, range);
  }

  unstage(packet: SessionPacket, fragment: string): void {
    this.#session(packet.sessionId).unstage(fragment);
  }

  offset(packet: SessionPacket): number | null {
    return this.#session(packet.sessionId).offset(packet);
  }

  async complete(packet: SessionPacket): Promise<Answer> {
    return await this.#session(packet.sessionId).complete(packet);
  }

  async close(packet: SessionPacket): Promise<Answer> {
    return await this.#session(packet.sessionId).close(packet);
  }

  async cancel(packet: SessionPacket): Promise<Answer> {
    return await this.#session(packet.sessionId).cancel(packet);
  }

  erase(packet: SessionPacket): void {
    this.#surroundings.tables.isShortOfRoom = true;
    this.#session(packet.sessionId).erase(packet);
  }

  measure(sessionId: SessionId, kind: SignedUrlKind): DataSize | null {
    return this.#session(sessionId).measure(kind);
  }

  read(sessionId: SessionId, kind: SignedUrlKind, start: number, end: number): ReadableStream<Uint8Array> {
    return this.#session(sessionId).read(kind, start, end);
  }

  appendReply(sessionId: SessionId, first: number, bytes: Uint8Array): ReplyPiece {
    return this.#session(sessionId).appendReply(first, bytes);
  }

  holdReserve(): void {
    holdReserve(this.#surroundings.storage);
  }

  async giveUpReserve(): Promise<void> {
    await giveUpReserve(this.#surroundings.storage);
  }

  find(query: ListQuery): ListPage {
    return this.#list.find(query);
  }

  figures(): ListFigures {
    return this.#list.figures();
  }

  describe(sessionId: SessionId): SessionDetails | null {
    return this.#session(sessionId).describe();
  }

  async act(sessionId: SessionId, deed: Deed, by: string): Promise<DeedResult> {
    return await this.#session(sessionId).act(deed, by);
  }

  holdsSegments(name: string): boolean {
    return this.#surroundings.moved.holds(name);
  }

  /** The alarm has rung. Returns soon, and never throws. */
  async alarm(): Promise<void> {
    await this.#round.run();
  }

  /** A session that is not in memory is loaded, and so tells the index again. @returns whether it does */
  #tellAgain(id: SessionId): boolean {
    return !this.#live.has(id) && this.#session(id).tellsIndex;
  }

  /** The session from memory; loads it if it is not there. */
  #session(id: SessionId): LiveSession {
    const session = this.#live.get(id) ?? new LiveSession(id, this.#surroundings);
    this.#live.delete(id);
    this.#live.set(id, session);
    this.#letGoOfOthers(id);
    return session;
  }

  /** If too many sessions are in memory, idle ones leave it, the one that was silent longest first. */
  #letGoOfOthers(id: SessionId): void {
    if (this.#live.size <= MOST_LIVE) return;
    for (const [other, session] of this.#live) {
      if (this.#live.size <= MOST_LIVE / 2) return;
      if (other !== id && !session.isBusy) this.#live.delete(other);
    }
  }
}
