import type { DeedKind } from "../seat.ts";

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
