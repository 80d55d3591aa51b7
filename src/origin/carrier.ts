import type { CommitOutcome } from "../protocol/reflect.ts";
import type { OriginSession } from "../protocol/origin-session.ts";
import type { CommitRequest } from "./commit-request.ts";
import type { Network } from "../runtime/network.ts";
import type { Pace, Pieces } from "./sender.ts";

/** A finished upload that is to be handed to the application. */
export interface Handover {
  readonly request: CommitRequest;
  /** The upload's bytes from `start`, default 0, up to and without `end`, default all; anew at each call. */
  readonly entity: (start?: number, end?: number) => Pieces;
  /** How many they are, exactly. */
  readonly length: number;
  /** How long the application may neither take a byte nor answer. */
  readonly silenceSeconds: number;
  /**
   * When the first attempt before this one began that may have arrived, milliseconds since 1970: a destination that
   * exists may then hold this very upload, or what came of it before the connection broke. Null where there was none: a
   * file that is there is somebody else's.
   */
  readonly reachedAt: number | null;
  /**
   * Where the body of a 2xx goes, piece by piece; the piece is used again after the call. False where there is no room
   * for it. Null where nobody wants it.
   */
  readonly takeReply: ((bytes: Uint8Array) => boolean) | null;
  /** Whether the application may be sent the upload twice; a request that broke off may then be sent again at once. */
  readonly mayRepeat: boolean;
  /** Null where the upload goes in one request. */
  readonly bits: BitsHandover | null;
}

/** A hand-over by the origin's own BITS server, and how far one before it has come (`handover = "bits"`). */
export interface BitsHandover {
  /** Up to the last Fragment, whose Ack has the application's word; the Close-Session after it; or all at once. */
  readonly step: "fragments" | "close" | "all";
  /** As the last `save` left it, also in another life of the edge; null where there is none. */
  readonly session: OriginSession | null;
  /** Has on disk, when it resolves, how far the origin is; null where it has no session. Rejects where it cannot. */
  readonly save: (session: OriginSession | null) => Promise<void>;
  /** Largest Fragment, bytes. */
  readonly fragmentBytes: number;
  /** Hosts that the origin may name in BITS-Host-Id. */
  readonly hosts: readonly string[];
  readonly originUrl: string;
  /** Scheme and host of the edge's own URLs, for this client. */
  readonly clientUrl: string;
  /** Whether an upload that may be at the origin already may be sent there again (`unknown_outcome = "retry"`). */
  readonly mayStartOver: boolean;
}

/** The same, and the way to the origin. */
export interface Errand extends Handover {
  readonly network: Network;
}

/** What came of one request. */
export interface Carried {
  readonly outcome: CommitOutcome;
  /** How many bytes had been sent when the connection broke inside of the request; null where it did not. */
  readonly brokeAt: number | null;
}

/**
 * Takes one request to the application and says what became of it: every end of the connection is an outcome.
 *
 * @param pace of the body, from what was seen before; null for the carrier's own
 */
export type Carrier = (errand: Errand, pace: Pace | null) => Promise<Carried>;
