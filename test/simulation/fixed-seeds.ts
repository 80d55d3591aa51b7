/** Worlds in which the code once broke a law. They are run again by every `npm test`. */
export const FIXED_SEEDS: readonly { readonly seed: number; readonly story: string }[] = [
  { seed: 1410268773, story: "a new life moves the alarm of a neighbour to later" },
];
