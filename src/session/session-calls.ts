import type { Answer } from "../protocol/session-answer.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import type { SignedUrlKind } from "../signed/signed-url.ts";
import type { Applicant } from "./open-sessions.ts";

/** A run of a Fragment's bytes, at most 1 MiB: its place in the entity, and the entity's length. */
export interface Piece {
  readonly first: number;
  readonly total: number;
  /** The callee may let go of their memory. */
  readonly bytes: Uint8Array;
}

/** Where a checked Fragment belongs: its first byte, how many, and the entity's length. */
export interface FragmentRange {
  readonly first: number;
  readonly length: number;
  readonly total: number;
}

/** The size of what a signed URL names, in bytes, and when it came, in milliseconds since 1970. */
export interface DataSize {
  readonly length: number;
  readonly modifiedAt: number;
}

/**
 * What became of a piece of a reply. "refused": no notification runs, or another PUT has come in between. "too-large": it
 * is more than the directory takes, and nothing of the reply stays.
 */
export type ReplyPiece = "taken" | "refused" | "too-large";

/**
 * What the middleware may ask of the object in which a session lives: the only calls between the two rooms.
 *
 * **One step.** A call that returns no promise is one synchronous step of the object: its checks still hold when it
 * stores. A step is stored as a whole or not at all, and its answer leaves when the step is on disk. A call that returns a
 * promise (`complete`, `close`, `cancel`) is several steps, with the origin's answer between them.
 *
 * **Repeating.** Every call may be repeated, whether or not its answer came: a stored piece is skipped, a running commit is
 * joined, an ended commit gives its result again. Only `appendReply` is different: it refuses a `first` that is earlier
 * than the expected one.
 *
 * **A rejection** does not say what was stored: the object may have died before or after its step, or its disk may have
 * refused the step. The next call tells what the session knows. After a rejection the stub is dead; take a fresh one. A
 * call about one session never rejects because of another, unless the runtime had to end the object of both.
 *
 * **Order.** Calls on one stub arrive in the order in which they were made.
 */
export interface SessionCalls {
  /**
   * Create-Session announced the digest of the upload: the session stores it. Nothing else of Create-Session is stored.
   */
  announce(packet: SessionPacket): void;
  /**
   * Create-Session in a directory that limits sessions, if the object counts them itself. @returns whether it is
   * admitted
   */
  admit(applicant: Applicant): boolean;
  /** A piece of a Fragment. */
  append(packet: SessionPacket, piece: Piece): Answer;
  /**
   * A piece of a Fragment whose digest is still to be checked, the next one of `fragment`.
   *
   * @param fragment a name that nobody else has
   */
  stage(packet: SessionPacket, fragment: string, piece: Omit<Piece, "first">): void;
  /** The digest of the Fragment was right: all its pieces are stored, in one step, as if they had just come. */
  adopt(packet: SessionPacket, fragment: string, range: FragmentRange): Answer;
  /** The digest of the Fragment was wrong, or the Fragment never came whole: its pieces are dropped. */
  unstage(packet: SessionPacket, fragment: string): void;
  /**
   * The offset for the Ack of a Fragment that was refused before it got here (ruling 4, the next offset); null: unknown
   * session.
   */
  offset(packet: SessionPacket): number | null;
  /**
   * The Fragment that leaves nothing missing, in a directory that commits there: its Ack carries the application's error,
   * or its reply (ruling 14, plain upload; ruling 15, upload-reply).
   */
  complete(packet: SessionPacket): Promise<Answer>;
  /** Close-Session: the upload is handed to the application, or its earlier answer is given again. */
  close(packet: SessionPacket): Promise<Answer>;
  /** Cancel-Session: everything is deleted, unless the application has it already (ruling 21, Cancel-Session). */
  cancel(packet: SessionPacket): Promise<Answer>;
  /** Cancel-Session once more, if `cancel` could not store its tombstone: removes the session without one. */
  erase(packet: SessionPacket): void;
  /** What a signed URL names, if it is here. A download counts as a packet does (ruling 23, session timeout). */
  measure(sessionId: SessionId, kind: SignedUrlKind): DataSize | null;
  /** The bytes from `start` up to, not including, `end` of what `measure` found. */
  read(sessionId: SessionId, kind: SignedUrlKind, start: number, end: number): ReadableStream<Uint8Array>;
  /** Bytes of a reply that an application PUTs while it is notified by reference; `first` 0 starts a new one. */
  appendReply(sessionId: SessionId, first: number, bytes: Uint8Array): ReplyPiece;
  /** Keeps some MiB of the disk, in an object without sessions: on a full disk, removing a session needs room. */
  holdReserve(): void;
  /** Gives these MiB up. */
  giveUpReserve(): Promise<void>;
}
