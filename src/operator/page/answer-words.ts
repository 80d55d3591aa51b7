import type { HistoryEntry } from "../seat.ts";
import { lookUp } from "./look-up.ts";

/** Statuses of an application, in a few words. */
export const STATUS_WORDS: Readonly<Record<number, string>> = {
  301: "it is elsewhere",
  302: "it is elsewhere",
  307: "it is elsewhere",
  308: "it is elsewhere",
  400: "it did not understand",
  401: "it wants credentials",
  403: "forbidden",
  404: "nothing is there",
  405: "it takes no such request there",
  407: "a proxy wants credentials",
  408: "it waited too long",
  409: "a conflict",
  411: "it wants a length",
  412: "a file is there",
  413: "too large",
  415: "it takes no such content",
  416: "no such range",
  422: "it cannot use the content",
  423: "locked",
  429: "too many requests",
  500: "its own error",
  501: "it does not know how",
  502: "a gateway before it got no answer",
  503: "not available now",
  504: "a gateway before it waited too long",
  507: "disk full",
};

/** Name of what an attempt ended with → words. `applicationRefused` is said with its status. */
export const OUTCOMES: Readonly<Record<string, string>> = {
  accepted: "the application has it",
  refused: "the application refused it",
  applicationRefused: "the application refused it",
  destinationExists: "another file is at the destination",
  replyTooLarge: "the application has it; its reply is too large",
  silent: "the application gave no answer",
  orphaned: "the edge ended in the middle",
  originTimedOut: "the application did not answer in time",
  originCannotConnect: "the application cannot be reached",
  originConnectionLost: "the connection to the application broke",
  digestMismatch: "what came is not what was announced",
  closedTooEarly: "it was closed before its last byte",
  storageFull: "the edge's disk is full",
  misconfigured: "the edge's configuration is wrong",
  edgeFailed: "something broke in the edge",
  held: "it is held",
};

/** What an attempt ended with, in words: `the application said 507: disk full`. */
export function outcomeInWords({
  outcome,
  originStatus,
}: Pick<HistoryEntry, "outcome" | "originStatus">): string {
  if (outcome === "accepted") return "the application has it";
  if (originStatus !== undefined) {
    const words = STATUS_WORDS[originStatus];
    return `the application said ${originStatus}${words === undefined ? "" : `: ${words}`}`;
  }
  return lookUp(OUTCOMES, outcome ?? "") ?? outcome ?? "no answer is known";
}

/** Whose error it is, by BITS-Error-Context ([MC-BUP] 2.2.1.2). */
export const WHOSE: Readonly<Record<string, string>> = {
  "0x5": "the edge found this itself",
  "0x7": "this is the application's error",
};
