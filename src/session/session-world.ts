import type { Config } from "../config/config.ts";
import type { Handover } from "../origin/carrier.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import type { SessionId } from "../protocol/session-id.ts";
import type { log } from "../runtime/log.ts";
import type { count, observe } from "../runtime/metrics.ts";
import type { formatSignedUrl } from "../signed/signed-url.ts";
import type { SessionSummary } from "./operator-calls.ts";
import type { RemoteSegment } from "./segment-calls.ts";
import type { SegmentSizes } from "./segment-sizes.ts";

/**
 * Everything that sessions touch outside of their rows: time, chance, the origin, the log. A session reaches it by this
 * interface only, so that the same code runs in a Durable Object (`workers-world.ts`) and in a simulation whose clock,
 * dice and origin are made up and repeatable.
 */
export interface SessionWorld {
  /** Milliseconds since 1970. May be put back or forward at any time. */
  now(): number;
  /**
   * Calls `call` once, `milliseconds` from now, unless the instance of the object ends before.
   *
   * @returns calls it off
   */
  after(milliseconds: number, call: () => void): () => void;
  /** A name that nobody else gets and nobody can guess. */
  randomId(): string;
  /** Begins a SHA-256. */
  startDigest(): RunningDigest;
  /** Hands one upload to the origin application, one attempt. Never rejects for what the origin or the network does. */
  commit(handover: Handover): Promise<CommitOutcome>;
  /** Signs a URL on the edge. */
  readonly signUrl: typeof formatSignedUrl;
  /**
   * The settings as they are now.
   *
   * @throws ConfigError if they cannot be read
   */
  config(): Config;
  /** The object that counts a client's sessions where each session has an object of its own. */
  counter(name: string): RemoteCounter;
  /** The index that lists the session, if the session has an object of its own; null if there is no index. */
  index(sessionId: SessionId): RemoteIndex | null;
  /**
   * An object that stores a part of a large upload.
   *
   * @throws if there is no binding for it
   */
  segment(name: string): RemoteSegment;
  segmentSizes(): SegmentSizes;
  /** Asks the runtime to keep the instance of the object in memory until `work` has ended. */
  keepAlive(work: Promise<unknown>): void;
  /** One line for the operator. */
  readonly log: typeof log;
  /** Figures for the operator. */
  readonly count: typeof count;
  readonly observe: typeof observe;
}

/** A SHA-256 that is being computed. */
export interface RunningDigest {
  /** Resolves when `bytes` were read, and their memory may be used again. */
  write(bytes: Uint8Array): Promise<void>;
  /** The digest, base64. Nothing may be written after it. */
  finish(): Promise<string>;
}

/** What a session tells the operator's list of sessions. Nobody waits for it. */
export interface RemoteIndex {
  put(summary: SessionSummary): Promise<void>;
  /** The session is known no more. */
  remove(sessionId: SessionId): Promise<void>;
}

/** What a session tells the object that counts it. Nobody waits for it. */
interface RemoteCounter {
  /** The session counts until `until`, milliseconds since 1970. */
  extend(sessionId: SessionId, until: number): Promise<void>;
  /** The session counts no more. */
  release(sessionId: SessionId): Promise<void>;
}
