/**
 * What the legacy origin does with one request, other than serving it. The names say what the edge sees on
 * its connection.
 */
export type OriginBehaviour =
  | QueuedBehaviour
  /** Resets the connection before the body, after this many of its bytes, or after all of it. */
  | { kind: "reset"; when: "before-body" | "after-body" | { afterBytes: number } };

/**
 * Those that can be for one request of an attempt. A reset can't: whether it comes inside of the request or after it is
 * the system's matter, and only the first is followed by a second request (docs/decisions/0015).
 */
export type QueuedBehaviour =
  /** Stores or serves the file. */
  | { kind: "serve" }
  /** Waits, then does the next thing. */
  | { kind: "delay"; milliseconds: number; then?: QueuedBehaviour }
  /** Reads the body, stores nothing, answers this. */
  | ({ kind: "answer" } & CannedAnswer)
  /** Answers at once and never reads the body; ends the connection half a second later. */
  | ({ kind: "answer-early" } & CannedAnswer)
  /** Stores the file as usual, but answers this: the application whose answer and deed differ. */
  | ({ kind: "store-then-answer" } & CannedAnswer)
  /** Never answers; `readBody: false` also stops reading. */
  | { kind: "hang"; readBody?: boolean }
  /** Reads everything and ends the connection without a word; `store` says whether the file is kept. */
  | { kind: "close"; store?: boolean }
  /** Reads the body at this speed, then serves. */
  | { kind: "slow-read"; bytesPerSecond: number };

/** An answer that is not the origin's own. */
export interface CannedAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

/** Answers `status` after reading the body, e.g. `answer(507, { "BITS-Error-Code": "0x80041234" })`. */
export function answer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): QueuedBehaviour {
  return { kind: "answer", status, headers, body };
}

/** One request as the legacy origin saw it; the counts grow while it is read. */
export interface OriginRequest {
  readonly method: string;
  /** Path and query as on the request line. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body bytes read so far. */
  bytes: number;
  /** Of the body, once it was read whole and hashes are on. */
  sha256: string | undefined;
  /** `reading` until the body is in; `cut` when the sender left before it was complete. */
  state: "reading" | "read" | "cut";
  /** What was answered, if anything was. */
  status: number | undefined;
  /** Whether its Idempotency-Key had been seen before. */
  repeated: boolean;
}
