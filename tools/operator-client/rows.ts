import * as v from "valibot";

const WHOLE = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const TIME = v.nullable(v.number());

/** A session as the edge lists it. Times are milliseconds since 1970, sizes bytes. */
export const ROW = v.object({
  session: v.string(),
  directory: v.nullable(v.string()),
  client: v.nullable(v.string()),
  /** Null, as much else, if the edge cannot read what is stored of the session. */
  destination: v.nullable(v.string()),
  total: v.nullable(WHOLE),
  /** Stored bytes, at the last event that the index was told of. */
  offset: v.nullable(WHOLE),
  state: v.string(),
  attempts: WHOLE,
  lastOutcome: v.nullable(v.string()),
  changedAt: TIME,
  until: TIME,
});

export type Row = v.InferOutput<typeof ROW>;

/** A page of rows; `next` is the cursor of the one after it, null at the end. */
export const PAGE = v.object({ sessions: v.array(ROW), next: v.nullable(v.string()) });

export type Page = v.InferOutput<typeof PAGE>;
