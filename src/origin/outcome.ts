import type { ResponseHead } from "../http1/response-framing.ts";
import { HEADER } from "../protocol/headers.ts";
import type { CommitOutcome, Silence } from "../protocol/reflect.ts";
import type { ApplicationAnswer } from "../protocol/session-record.ts";
import { parseFailingHresult } from "../protocol/write-ack.ts";
import type { CommitRequest } from "./commit-request.ts";
import type { SilenceWatch } from "../runtime/silence-watch.ts";

const E_INVALIDARG = 0x80070057;
const CONDITIONS = ["If-None-Match", "If-Match", "If-Unmodified-Since"];
const MAXIMUM_REPLY_URL_LENGTH = 2200;

/** Fields of an answer that explain an error to an operator. What else is in it may be a secret. */
const TELLING = [
  "Server",
  "Date",
  "Content-Type",
  "Content-Length",
  "Retry-After",
  "Allow",
  "Via",
  "BITS-Error",
  "BITS-Error-Code",
  "BITS-Error-Context",
  "CF-RAY",
];
const MOST_LETTERS = 120;
const MOST_LETTERS_OF_ALL = 800;

/** What the operator is shown of an answer: its status, and no more than 1 KiB of its fields. */
export function tellAnswer({ status, headers }: ResponseHead): ApplicationAnswer {
  const fields: [string, string][] = [];
  let letters = 0;
  for (const name of TELLING) {
    const value = headers.get(name)?.slice(0, MOST_LETTERS);
    if (value === undefined || letters + name.length + value.length > MOST_LETTERS_OF_ALL) continue;
    letters += name.length + value.length;
    fields.push([name, value]);
  }
  return { status, fields };
}

export function isSuccess({ status }: ResponseHead): boolean {
  return status >= 200 && status < 300;
}

/** What a 2xx says ([MC-BUP] 2.2.13.2); a reply URL of more than 2,200 characters is 400 by 2.2.1.2. */
export function acceptance(head: ResponseHead): CommitOutcome {
  const { status, headers } = head;
  const answer = tellAnswer(head);
  const staticReplyUrl = headers.get(HEADER.staticResponseUrl);
  if (staticReplyUrl !== null && staticReplyUrl.length > MAXIMUM_REPLY_URL_LENGTH) {
    return { kind: "refused", status: 400, hresult: E_INVALIDARG, answer };
  }
  return {
    kind: "accepted",
    status,
    copyToDestination: headers.has(HEADER.copyFileToDestination),
    staticReplyUrl,
    answer,
  };
}

/**
 * What every other status says, with the application's own error code under either of its names (ruling 14, plain upload).
 */
export function refusal(request: CommitRequest, head: ResponseHead): CommitOutcome {
  const { status, headers } = head;
  const answer = tellAnswer(head);
  // 412 to a request with a condition answers the condition, not the application's own mind.
  const isConditional = CONDITIONS.some((name) => request.headers.has(name));
  if (status === 412 && isConditional) return { kind: "destinationExists", answer };
  const hresult = parseFailingHresult(headers.get(HEADER.errorCode) ?? headers.get(HEADER.error));
  return { kind: "refused", status, hresult, answer };
}

/** No answer to a request that may have arrived: because of `why`, or because the time for it was over. */
export function silence(why: Silence, { signal }: SilenceWatch): CommitOutcome {
  return { kind: "silent", why: signal.aborted ? "timedOut" : why, mayHaveArrived: true };
}
