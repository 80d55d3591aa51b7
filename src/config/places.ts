import * as v from "valibot";

/** Legal regions that a Durable Object can be kept in (Durable Objects, "Data location"). */
const JURISDICTIONS = ["eu", "fedramp", "fedramp-high", "us"] as const;

/** Parts of the world that a Durable Object can be asked to be in (the same page). */
const LOCATION_HINTS = [
  "wnam",
  "enam",
  "sam",
  "weur",
  "eeur",
  "apac",
  "apac-ne",
  "apac-se",
  "oc",
  "afr",
  "me",
] as const;

/** Where the edge's objects are, on Cloudflare. */
export interface Placement {
  /** A legal region that the objects and what they store never leave; null for none. */
  readonly jurisdiction: (typeof JURISDICTIONS)[number] | null;
  /** Where an object that is new had best be; null for near the client that is first to need it. */
  readonly locationHint: (typeof LOCATION_HINTS)[number] | null;
}

export const PLACEMENT_VARIABLES = {
  SESSION_JURISDICTION: v.optional(v.picklist(JURISDICTIONS, `one of ${JURISDICTIONS.join(", ")}`)),
  SESSION_LOCATION_HINT: v.optional(v.picklist(LOCATION_HINTS, `one of ${LOCATION_HINTS.join(", ")}`)),
};

/** @param variables as the schema has read them */
export function toPlacement(
  variables: v.InferOutput<v.ObjectSchema<typeof PLACEMENT_VARIABLES, undefined>>,
): Placement {
  return {
    jurisdiction: variables.SESSION_JURISDICTION ?? null,
    locationHint: variables.SESSION_LOCATION_HINT ?? null,
  };
}
