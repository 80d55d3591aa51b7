import type { OriginConnection } from "../config/config.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import type { CommitRequest } from "./commit-request.ts";

/** A finished upload and its way to the application. */
export interface Delivery {
  readonly request: CommitRequest;
  readonly connection: OriginConnection;
  /** The upload's bytes, from the start at each call. */
  readonly entity: () => Iterable<Uint8Array>;
  /** How many they are, exactly. */
  readonly length: number;
  /** How long the application may neither take a byte nor answer. */
  readonly silenceSeconds: number;
  /**
   * Whether there was an attempt before, which may have arrived: then a destination that exists is read back, since it
   * may hold this very upload, or what came of it before the connection broke.
   */
  readonly isRepetition: boolean;
  /** Where the body of a 2xx goes, piece by piece; false where there is no room for it. Null where nobody wants it. */
  readonly takeReply: ((bytes: Uint8Array) => boolean) | null;
}

/** Takes one request to the application and says what became of it: every end of the connection is an outcome. */
export type Carrier = (delivery: Delivery) => Promise<CommitOutcome>;
