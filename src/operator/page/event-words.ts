import type { HistoryEntry } from "../seat.ts";
import { outcomeInWords } from "./answer-words.ts";
import { lookUp } from "./look-up.ts";
import { bytesInWords, countInWords, durationInWords } from "./quantities.ts";

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
