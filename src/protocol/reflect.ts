import { type Fault, FAULTS } from "./faults.ts";

/** What became of one attempt to hand an upload to the origin application. */
export type CommitOutcome =
  | ({ readonly kind: "accepted"; readonly status: number } & Acceptance)
  | { readonly kind: "refused"; readonly status: number; readonly hresult: number | null }
  /** It took the upload, with this 2xx, and answered with more than the directory takes. */
  | { readonly kind: "replyTooLarge"; readonly status: number }
  /** `If-None-Match: *` did its work: there is a file at the destination that is not this upload. */
  | { readonly kind: "destinationExists" }
  /** `mayHaveArrived`: false only where it is certain that the application never saw the request. */
  | { readonly kind: "silent"; readonly why: Silence; readonly mayHaveArrived: boolean };

/** What the application said beside its 2xx ([MC-BUP] 2.2.13.2). */
export interface Acceptance {
  /** The upload is to be put at its destination too, when the session is closed. */
  readonly copyToDestination: boolean;
  /** A reply that is somewhere else; it is passed on to the client as it is. */
  readonly staticReplyUrl: string | null;
}

/** Why there was no answer. */
export type Silence = "timedOut" | "cannotConnect" | "connectionLost";

/** What a directory answers whose uploads of unknown outcome wait for the operator (ruling 19). */
export const HELD: Fault = { fault: "held", status: 503, hresult: 0x801901f7, context: 0x7 };

/**
 * The application has the upload and its reply cannot be had: 403 is the one status after which nobody posts the
 * upload to it again (ruling 26). The code is Win32's ERROR_FILE_TOO_LARGE; BG_E_TOO_LARGE would blame the upload.
 */
const REPLY_TOO_LARGE: Fault = { fault: "replyTooLarge", status: 403, hresult: 0x800700df, context: 0x7 };

/** Statuses that would mean something else to a BITS client than the application meant (ruling 16). */
const STATUS_TO_CLIENT = new Map([
  [401, 403], // the client must not answer a challenge that was meant for the edge
  [407, 403],
  [501, 500], // clients take 501 and 505 as final; an application's may pass
  [505, 500],
]);

/** WinINet's own codes, which the client shows as they are: 12002, 12029 and 12030 as HRESULTs. */
// prettier-ignore
const SILENCES: { readonly [why in Silence]: Fault } = {
  timedOut:       { fault: "originTimedOut",       status: 504, hresult: 0x80072ee2, context: 0x7 },
  cannotConnect:  { fault: "originCannotConnect",  status: 502, hresult: 0x80072efd, context: 0x7 },
  connectionLost: { fault: "originConnectionLost", status: 502, hresult: 0x80072efe, context: 0x7 },
};

/**
 * The application's outcome as the client sees it, or null where the upload was accepted: every 2xx is
 * success, its own error code is kept, its silence is retryable. Rulings 13, 14 and 16.
 */
export function reflect(outcome: CommitOutcome): Fault | null {
  if (outcome.kind === "accepted") return null;
  if (outcome.kind === "silent") return SILENCES[outcome.why];
  if (outcome.kind === "destinationExists") return FAULTS.destinationExists;
  if (outcome.kind === "replyTooLarge") return REPLY_TOO_LARGE;
  return {
    fault: "applicationRefused",
    status: statusToClient(outcome.status),
    hresult: outcome.hresult ?? 0x80190000 + outcome.status,
    context: 0x7,
  };
}

function statusToClient(status: number): number {
  // A redirect is not followed, and a client follows none on BITS_POST (ruling 5).
  if (status < 400 || status > 599) return 502;
  return STATUS_TO_CLIENT.get(status) ?? status;
}
