import type { Reaction } from "../../protocol/client-reaction.ts";
import type { DeedKind, HistoryEntry, SessionDetails } from "../seat.ts";
import { bytesInWords, countInWords, durationInWords } from "./quantities.ts";

/** The words of the operator's page. Whoever translates it, or wants to say a thing better, changes this file alone. */

/** Where a session stands, one of SessionSummary's. */
export type State = SessionDetails["state"];
/** What a mark says beside its colour. */
export type Tone = "well" | "moving" | "waiting" | "bad" | "over";

/** State → its name, what it means, and how it looks. */
export const STATES: Readonly<Record<State, { name: string; means: string; tone: Tone }>> = {
  new: { name: "New", means: "Nothing has come yet.", tone: "waiting" },
  receiving: { name: "Receiving", means: "Bytes are still missing.", tone: "moving" },
  complete: {
    name: "Whole",
    means: "Every byte is here; no attempt to hand it over was made.",
    tone: "waiting",
  },
  committing: { name: "Handing over", means: "The application is being given the upload.", tone: "moving" },
  orphaned: {
    name: "Cut off",
    means: "The edge ended while it handed the upload over; nobody knows how that went.",
    tone: "waiting",
  },
  failed: {
    name: "Not taken",
    means: "The last attempt to hand it over failed; every byte is kept.",
    tone: "bad",
  },
  refused: {
    name: "Refused",
    means: "The application refused it for good; every byte is kept until the session ends.",
    tone: "bad",
  },
  held: {
    name: "Held",
    means: "Nobody knows whether the application has it. You decide.",
    tone: "bad",
  },
  delivered: {
    name: "Delivered",
    means: "The application has it; its reply, or the copy at its destination, is still to come.",
    tone: "moving",
  },
  committed: { name: "Done", means: "The application has it.", tone: "well" },
  discarded: {
    name: "Discarded",
    means: "It was closed before its last byte, or was not what was announced.",
    tone: "over",
  },
  cancelled: { name: "Cancelled", means: "It was cancelled; its bytes are gone.", tone: "over" },
  unreadable: { name: "Unreadable", means: "What is stored of it cannot be read.", tone: "bad" },
  newer: { name: "Newer", means: "It was stored by a newer version of the edge.", tone: "waiting" },
};

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

/** Who makes the next attempt while a session stands there. */
export const NEXT_BY: Partial<Record<State, string>> = {
  complete: "next by the client",
  failed: "next by the client",
  orphaned: "next by the edge",
  held: "next by you",
  refused: "no more attempts",
};

/** What a Windows client does after the last answer ([MC-BUP] 3.1.5.2.1; Win32, "Handling Server Application Errors"). */
export const REACTIONS: Readonly<Record<Reaction, string>> = {
  "goes on": "The client goes on.",
  "comes again":
    "The client sends Close-Session again after its retry delay (ten minutes, unless its job says otherwise), for up to 14 days. Then the upload is handed over again, under the same key.",
  "gives up":
    "The client has given up: its job is in the state ERROR, and it does not close this session again. The bytes stay until the session ends.",
  "shows who it is": "The client sends the same packet again, with credentials.",
  "sends less": "The client sends the same bytes again, in smaller Fragments.",
  "follows the offset": "The client goes on where the edge says.",
  "starts over": "The client starts over with a new session, and sends every byte again.",
};

/** What happens next, where the state alone says it. */
export const NEXT: Readonly<Partial<Record<State, (session: SessionDetails) => string>>> = {
  new: () => "The client sends its first Fragment.",
  receiving: ({ offset }) =>
    `The client sends the next Fragment, from byte ${countInWords(offset)} on. If its line broke it comes back within its retry delay, and goes on there: no byte is sent twice.`,
  complete: () => "The client sends Close-Session; then the upload is handed to the application.",
  committing: () =>
    "The client waits. If the application takes longer than the client may wait, it sends Close-Session again and is told how this very attempt ended.",
  orphaned: () =>
    "The edge takes the upload up again by itself within ten seconds, or when the client sends Close-Session again.",
  refused: () =>
    "The client has given up: 403 is the last word. The application is not asked again unless you do so.",
  held: () =>
    "The client sends Close-Session again and again, and is told 503 each time. Nothing is sent to the application until you decide.",
  delivered: () => "The client fetches the reply, then sends Close-Session.",
  committed: () => "Nothing. A packet that comes again gets the same answer.",
  discarded: () => "Nothing. A Close-Session that comes again gets the same answer.",
  cancelled: () => "Nothing here. A client that comes again is told that the session is not known.",
  unreadable: () => "Nothing until the edge is mended; the log says what cannot be read.",
  newer: () => "Nothing until the newer version of the edge runs again.",
};

/** One thing that happened, in a sentence. A word that is not here is shown as it is. */
export const EVENTS: Readonly<Record<string, (entry: HistoryEntry) => string>> = {
  created: () => "The client created the session",
  started: () => "The first bytes came",
  resumed: ({ offset }) => `The client came back${at(offset)}`,
  abandoned: ({ offset }) => `The client left inside a Fragment${at(offset)}`,
  staged: () => "A part of a Fragment waits for its digest",
  completed: ({ offset }) =>
    offset === undefined ? "The last byte came" : `The last byte came: ${bytesInWords(offset)}`,
  "commit-started": ({ attempt }) => `Handing over began${nth(attempt)}`,
  "commit-ended": (entry) =>
    `${capital(outcomeInWords(entry))}${nth(entry.attempt)}${after(entry.milliseconds)}`,
  acked: () => "The client was answered",
  finished: () => "The client fetched the reply and closed",
  discarded: () => "The upload was discarded",
  cancelled: () => "The session was cancelled",
  expired: () => "The session's time was over",
  "operator-deed": ({ outcome }) => lookUp(DEEDS_DONE, outcome ?? "") ?? "An operator acted",
};

/** What an operator did, by the word that the history has for it. */
const DEEDS_DONE: Readonly<Record<string, string>> = {
  commit: "An operator had it handed over",
  "has-it": "An operator released it: the application has it",
  "has-it-not": "An operator released it: it is sent again",
  cancel: "An operator cancelled it",
  prolong: "An operator prolonged the session",
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

/** A deed: its name, what happens, the question before it, the button, and what is said when it is done. */
export interface DeedWords {
  readonly name: string;
  readonly says: string;
  readonly asks: string;
  readonly button: string;
  readonly done: string;
}

export const DEEDS: Readonly<Record<DeedKind, DeedWords>> = {
  commit: {
    name: "Hand over now",
    says: "The application is given the upload at once, under the same key; the client is told the result when it comes.",
    asks: "Hand this upload over now?",
    button: "Hand over now",
    done: "The application was asked. How that went is below.",
  },
  release: {
    name: "Release",
    says: "You say whether the application has the upload: it is done, or it is sent again under the same key.",
    asks: "Does the application have this upload?",
    button: "Release",
    done: "The upload is released.",
  },
  prolong: {
    name: "Prolong",
    says: "The session's time begins anew, so that it is not removed while you look.",
    asks: "Prolong this session?",
    button: "Prolong",
    done: "The session's time has begun anew.",
  },
  cancel: {
    name: "Cancel",
    says: "Its bytes are deleted here; the application is not told. A client that comes again starts over, unless its job is cancelled too.",
    asks: "Cancel this upload and delete its bytes?",
    button: "Cancel the upload",
    done: "The upload is cancelled and its bytes are gone.",
  },
};

/** Both answers to the question of a release. */
export const RELEASES = [
  {
    value: "has-it",
    name: "It has it",
    says: "The session is done, nothing is sent, and the client is told 200.",
  },
  { value: "has-it-not", name: "It does not have it", says: "The upload is sent again, under the same key." },
] as const;

export const RESCUE = {
  name: "Fetch the bytes",
  says: "A signed link to what was uploaded, good for an hour: for rescue when the application is gone.",
  ready: "Whoever has this link can read the upload, for an hour:",
} as const;

/** What a table says of a word from outside; nothing of words that only a language knows, such as `constructor`. */
export function lookUp<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

function at(offset: number | undefined): string {
  return offset === undefined ? "" : `, at byte ${countInWords(offset)}`;
}

function nth(attempt: number | undefined): string {
  return attempt === undefined ? "" : `, attempt ${attempt}`;
}

function after(milliseconds: number | undefined): string {
  return milliseconds === undefined
    ? ""
    : `, after ${milliseconds < 1000 ? `${milliseconds} ms` : durationInWords(milliseconds)}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Why a list is empty. */
export const NONE = {
  stands: "No upload stands here.",
  fits: "No upload fits these filters.",
  here: "None so far; there are more to look through on the next page.",
} as const;

/** Columns of the list. */
export const COLUMNS = ["Upload", "State", "Received", "Client", "Last answer", "Last change"] as const;

/** Whose error it is, by BITS-Error-Context ([MC-BUP] 2.2.1.2). */
export const WHOSE: Readonly<Record<string, string>> = {
  "0x5": "the edge found this itself",
  "0x7": "this is the application's error",
};

export const FIRST_SCREEN = { title: "Uploads" } as const;

/** Why a page has nothing to show: its status, its title, and what to do. */
export const SORRY = {
  unknown: {
    status: 404,
    title: "There is no such session",
    says: "It was never there, or its time is over and everything of it was removed.",
  },
  reader: {
    status: 403,
    title: "You may look, and not act",
    says: "The token you came with is one for readers.",
  },
  refused: {
    status: 409,
    title: "This cannot be done now",
    says: "The session stands where it makes no sense. Look at it again: it may have changed meanwhile.",
  },
  incomplete: {
    status: 400,
    title: "One thing is missing",
    says: "Say whether the application has the upload. Nothing was done.",
  },
  gone: {
    status: 410,
    title: "The bytes are not here any more",
    says: "They are deleted when the application has them.",
  },
  broken: {
    status: 500,
    title: "The edge could not look",
    says: "Something broke while this page was made; the log says what. Uploads are not touched by it.",
  },
} as const;

export type SorryName = keyof typeof SORRY;
