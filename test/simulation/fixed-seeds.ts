/** Worlds in which the code once broke a law. They are run again by every `npm test`. */
export const FIXED_SEEDS: readonly { readonly seed: number; readonly story: string }[] = [
  { seed: 1410268773, story: "a new life moves the alarm of a neighbour to later" },
  { seed: 3454558160, story: "a disk fills between an upload's end and the release of its client's place" },
  {
    seed: 1861902953,
    story: "a Cancel-Session that waited comes between the end of an attempt and a Close's answer",
  },
  { seed: 3194086839, story: "a full disk refuses to remove a Fragment that waited for its digest" },
  { seed: 3435680594, story: "a full disk meets a step of the mover inside of the step that stores a piece" },
  { seed: 2506893213, story: "a session is released while the alarm of its neighbour is late" },
  {
    seed: 2540055805,
    story:
      "an object dies after the alarm of its last session, with another life's staged bytes still to sweep",
  },
];
