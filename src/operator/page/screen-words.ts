export const FIRST_SCREEN = { title: "Uploads" } as const;

/** Why a list is empty. */
export const NONE = {
  stands: "No upload stands here.",
  fits: "No upload fits these filters.",
  here: "None so far; there are more to look through on the next page.",
} as const;

/** Columns of the list. */
export const COLUMNS = ["Upload", "State", "Received", "Client", "Last answer", "Last change"] as const;

/** A page that has nothing to show: its status, its title, and what to do. */
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
    status: 503,
    title: "The edge could not look",
    says: "Something broke while this page was made; the log says what. Uploads are not touched by it. Try again in a moment.",
  },
} as const;

export type SorryName = keyof typeof SORRY;
