import type { ResponseHead } from "../http1/response-framing.ts";
import { BG_E_SESSION_NOT_FOUND } from "../protocol/faults.ts";
import { HEADER } from "../protocol/headers.ts";
import type { CommitOutcome } from "../protocol/reflect.ts";
import { parseFailingHresult } from "../protocol/write-ack.ts";
import { tellAnswer } from "./outcome.ts";

/** What an Ack of the origin's BITS server says ([MC-BUP] 3.1.5.2.1). */
export type Verdict =
  /** `offset` is the next byte that the origin expects, null where it does not say. */
  | { readonly is: "ok"; readonly offset: number | null; readonly headers: Headers }
  /** 416: the origin stands at another offset. */
  | { readonly is: "elsewhere"; readonly offset: number | null; readonly headers: Headers }
  /** 413: a Fragment may be too large where the upload is not ([MC-BUP] 3.1.5.2.4). */
  | { readonly is: "too-large"; readonly outcome: CommitOutcome }
  /** The origin does not know the session any more. */
  | { readonly is: "forgotten" }
  | { readonly is: "refused"; readonly outcome: CommitOutcome };

/** [MC-BUP] 2.2.1.2: a session id has 100 characters at most. Those that could not stand in a field are none. */
const SESSION_ID = /^[\x21-\x7e]{1,100}$/;

/** Names of fields compare without case, as `Headers` has them. */
export function readAck(head: ResponseHead): Verdict {
  const { status, headers } = head;
  const hresult = parseFailingHresult(headers.get(HEADER.errorCode) ?? headers.get(HEADER.error));
  if (status >= 200 && status < 300) return { is: "ok", offset: offsetOf(headers), headers };
  if (hresult === BG_E_SESSION_NOT_FOUND) return { is: "forgotten" };
  if (status === 416) return { is: "elsewhere", offset: offsetOf(headers), headers };
  const context = contextOf(headers);
  const outcome: CommitOutcome = { kind: "refused", status, hresult, context, answer: tellAnswer(head) };
  return { is: status === 413 ? "too-large" : "refused", outcome };
}

/** The id of a session that was created; null where there is none: whatever says 200 then is no BITS server. */
export function sessionIdOf(headers: Headers): string | null {
  const id = headers.get(HEADER.sessionId)?.trim() ?? "";
  return SESSION_ID.test(id) ? id : null;
}

/**
 * What the client is told of an Ack that is no success and no refusal: the origin is at odds with itself, and may be
 * right again next time.
 */
export const AT_ODDS: CommitOutcome = { kind: "refused", status: 502, hresult: null, context: 0x5 };

/** The same of an origin that does not speak the protocol at all: 501, which clients hear as 500 and come again after. */
export const NO_BITS_SERVER: CommitOutcome = { kind: "refused", status: 501, hresult: null, context: 0x5 };

/** What the client is told of an Ack that is no success. */
export function outcomeOf(verdict: Verdict): CommitOutcome {
  return "outcome" in verdict ? verdict.outcome : AT_ODDS;
}

/** A plain integer, or null where it is none ([MC-BUP] 2.2.7.2). */
function offsetOf(headers: Headers): number | null {
  const text = headers.get(HEADER.receivedContentRange)?.trim() ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Whose error it is; where the origin does not say, it is its own ([MC-BUP] 2.2.1.2). */
function contextOf(headers: Headers): 0x5 | 0x7 {
  return /^0?x0*7$/i.test(headers.get(HEADER.errorContext)?.trim() ?? "") ? 0x7 : 0x5;
}
