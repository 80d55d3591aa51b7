import type { CommitOutcome } from "../protocol/reflect.ts";
import type { CommitRequest } from "./commit-request.ts";
import type { Network } from "../runtime/network.ts";

/** A finished upload that is to be handed to the application. */
export interface Handover {
  readonly request: CommitRequest;
  /** The upload's bytes, from the start at each call. */
  readonly entity: () => Iterable<Uint8Array>;
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
}

/** The same, and the way to the origin. */
export interface Errand extends Handover {
  readonly network: Network;
}

/** Takes one request to the application and says what became of it: every end of the connection is an outcome. */
export type Carrier = (errand: Errand) => Promise<CommitOutcome>;
