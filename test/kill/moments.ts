/**
 * What is seen of an upload from outside, by whoever sees it: the client of its own connection, the
 * application of a commit, anyone of the edge's log.
 */
export type Sight =
  | "create-sent"
  | "create-ack"
  | "head-half"
  | "body"
  | "fragment-sent"
  | "fragment-ack"
  | "close-sent"
  | "close-ack"
  | "cancel-sent"
  | "cancel-ack"
  | "commit-head"
  | "commit-first-byte"
  | "commit-half"
  | "commit-whole"
  | "commit-taken"
  | "commit-answered"
  | "entity-half"
  | "reply-half"
  | "copy-half"
  | "copy-taken"
  | "log:completed"
  | "log:commit-started"
  | "log:commit-ended"
  | "log:delivered"
  | "log:orphaned"
  | "log:expired";

/** A moment to kill at: its name in reports, and what is seen then. */
export interface Moment {
  readonly name: string;
  /** Null: no sight but a time, in milliseconds from the round's start. */
  readonly sight: Sight | null;
}

const moment = (name: string, sight: Sight | null): Moment => ({ name, sight });

/** Every moment at which the edge is killed, in the order of an upload's life. */
export const MOMENTS = [
  moment("at random", null),
  moment("while creating", "create-sent"),
  moment("at the ack of Create-Session", "create-ack"),
  moment("inside a head", "head-half"),
  moment("inside a fragment", "body"),
  moment("at a piece's end", "body"),
  moment("between the last byte and the ack", "fragment-sent"),
  moment("at the ack of a Fragment", "fragment-ack"),
  moment("when the upload is complete", "log:completed"),
  moment("while sealing", "close-sent"),
  moment("before the commit's first byte", "log:commit-started"),
  moment("at the commit's head", "commit-head"),
  moment("at the commit's first byte", "commit-first-byte"),
  moment("in the middle of the commit", "commit-half"),
  moment("when the commit has arrived", "commit-whole"),
  moment("after the application took it, before its answer", "commit-taken"),
  moment("after its answer, before it is stored", "commit-answered"),
  moment("while the application fetches the entity", "entity-half"),
  moment("while the application leaves its reply", "reply-half"),
  moment("after it is stored, before the Ack", "log:commit-ended"),
  moment("between the application's acceptance and the file's own way", "log:delivered"),
  moment("in the middle of the file's own way", "copy-half"),
  moment("after the file is at its destination, before the answer", "copy-taken"),
  moment("at the ack of Close-Session", "close-ack"),
  moment("while an orphan is taken up", "log:orphaned"),
  moment("at Cancel-Session", "cancel-sent"),
  moment("at the ack of Cancel-Session", "cancel-ack"),
  moment("during tombstone cleanup", "log:expired"),
] as const satisfies readonly Moment[];

/** Told of everything that is seen. `destination` is the upload's; `position` counts bytes of the file where it applies. */
export type Observer = (sight: Sight, destination: string, position?: number) => void;
