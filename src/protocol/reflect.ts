import { BG_E_SESSION_NOT_FOUND, type Fault, FAULTS } from "./faults.ts";
import type { ApplicationAnswer } from "./session-record.ts";

/** How one attempt to hand an upload to the origin application ended, and the application's answer, for the operator. */
export type CommitOutcome = { readonly answer?: ApplicationAnswer } & Ended;

type Ended =
  | ({ readonly kind: "accepted"; readonly status: number } & Acceptance)
  /** `context` says whose error it is, if the origin's BITS server refused; an application's own refusal has none. */
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly hresult: number | null;
      readonly context?: Fault["context"];
    }
  /** The application took the upload, with this 2xx, and answered with more than the directory takes. */
  | { readonly kind: "replyTooLarge"; readonly status: number }
  /** The origin obeyed `If-None-Match: *`: the file at the destination is not this upload. */
  | { readonly kind: "destinationExists" }
  /** `mayHaveArrived` is false only if it is certain that the application never saw the request. */
  | {
      readonly kind: "silent";
      readonly why: Silence;
      readonly mayHaveArrived: boolean;
      readonly context?: Fault["context"];
    };

/** What the application said beside its 2xx ([MC-BUP] 2.2.13.2). */
export interface Acceptance {
  /** The edge also puts the upload at its destination, when the session is closed. */
  readonly copyToDestination: boolean;
  /** The URL of a reply that is elsewhere; the client gets it as it is. */
  readonly staticReplyUrl: string | null;
}

/** Why there was no answer. */
export type Silence = "timedOut" | "cannotConnect" | "connectionLost";

/** The answer while an upload of unknown outcome waits for the operator (ruling 19, outcome unknown). */
export const HELD: Fault = { fault: "held", status: 503, hresult: 0x801901f7, context: 0x7 };

/**
 * The application has the upload, and its reply cannot be had (ruling 26, reply too large). After 403, and after no
 * other status, nobody posts the upload to the application again. The code is Win32's ERROR_FILE_TOO_LARGE:
 * BG_E_TOO_LARGE would blame the upload.
 */
const REPLY_TOO_LARGE: Fault = { fault: "replyTooLarge", status: 403, hresult: 0x800700df, context: 0x7 };

/** Final: the client gives up, and the edge replays the answer (ruling 17, a failed commit leaves the session whole). */
const FINAL = 403;
/** Passing: the client comes again at every packet, Close-Session included. */
const PASSING = 503;
/**
 * For a redirect, which the edge does not follow, and for a status beyond 599, which HTTP does not have (RFC 9110 15).
 */
const BAD_GATEWAY = 502;

/**
 * Statuses that a BITS client takes for something else than the application meant (ruling 16, statuses of the
 * application). Every other status from 400 to 599 leaves as it is. `reactionTo` says what a client does with each.
 */
// prettier-ignore
const STATUS_TO_CLIENT: ReadonlyMap<number, number> = new Map([
  [401, FINAL],   // the challenge was meant for the edge: the client must not answer it
  [407, FINAL],   // the same
  [408, PASSING], // a Fragment would be sent again, Close-Session would not
  [413, FINAL],   // a client would send the last Fragment again, in halves, and each would post the whole upload
  [416, FINAL],   // a client would take it for success: it has the offset beside it
  [423, PASSING], // locked now (RFC 4918 11.3)
  [425, PASSING], // too early (RFC 8470 5.2)
  [429, PASSING], // too many requests now (RFC 6585 4)
  [501, 500],     // clients take 501 and 505 for final; an application that is mended is not
  [505, 500],
]);

/**
 * What the client is told of silence (ruling 16, statuses of the application). The codes are WinINet's own 12002, 12029
 * and 12030 as HRESULTs: the client shows them as they are.
 */
// prettier-ignore
export const SILENCES: { readonly [why in Silence]: Fault } = {
  timedOut:       { fault: "originTimedOut",       status: 504, hresult: 0x80072ee2, context: 0x7 },
  cannotConnect:  { fault: "originCannotConnect",  status: 502, hresult: 0x80072efd, context: 0x7 },
  connectionLost: { fault: "originConnectionLost", status: 502, hresult: 0x80072efe, context: 0x7 },
};

/**
 * Turns the application's outcome into what the client is told. The application's own error code is kept.
 * Ruling 13, not enabled, exists, no right; 14, plain upload; 16, statuses of the application; 26, reply too large.
 *
 * @returns null if the application accepted the upload
 */
export function reflect(outcome: CommitOutcome): Fault | null {
  switch (outcome.kind) {
    case "accepted":
      return null;
    case "silent":
      return { ...SILENCES[outcome.why], ...contextOf(outcome) };
    case "destinationExists":
      return FAULTS.destinationExists;
    case "replyTooLarge":
      return REPLY_TOO_LARGE;
    case "refused":
      return {
        fault: "applicationRefused",
        status: statusToClient(outcome.status),
        hresult: codeOf(outcome),
        context: 0x7,
        ...contextOf(outcome),
      };
  }
}

/** Whose error it is, if the outcome says so. */
function contextOf({ context }: { readonly context?: Fault["context"] }): Partial<Pick<Fault, "context">> {
  return context === undefined ? {} : { context };
}

function statusToClient(status: number): number {
  if (status < 400 || status > 599) return BAD_GATEWAY;
  return STATUS_TO_CLIENT.get(status) ?? status;
}

/** BG_E_SESSION_NOT_FOUND is the protocol's: a client that reads it uploads everything again ([MC-BUP] 3.1.5.2.1). */
function codeOf({ status, hresult }: Extract<CommitOutcome, { kind: "refused" }>): number {
  const isOwn = hresult !== null && hresult !== BG_E_SESSION_NOT_FOUND;
  return isOwn ? hresult : 0x80190000 + status;
}

/**
 * Whether the application may have taken the upload although the attempt failed (ruling 19, outcome unknown). 502 and
 * 504 are the words of a gateway before the application: the application may have the request.
 */
export function mayHaveArrived(outcome: CommitOutcome): boolean {
  if (outcome.kind === "silent") return outcome.mayHaveArrived;
  return outcome.kind === "refused" && (outcome.status === 502 || outcome.status === 504);
}

/**
 * Whether some of an attempt may have reached the origin, and left a part of the upload at the destination. `fetch` does
 * not say for certain that a connection was refused; but if nobody listens, nothing was left anywhere.
 */
export function hasReached(outcome: CommitOutcome): boolean {
  return outcome.kind !== "silent" || outcome.why !== "cannotConnect";
}
