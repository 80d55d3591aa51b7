import type { Reaction } from "../../protocol/client-reaction.ts";
import type { SessionDetails } from "../seat.ts";
import { countInWords } from "./quantities.ts";

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

/** What happens next, if the state alone says it. */
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
