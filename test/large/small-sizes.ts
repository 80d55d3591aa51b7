import type { SegmentSizes } from "../../src/session/segment-sizes.ts";

/** Large is what has more than half a MiB, so that tests have large uploads. */
export const SIZES: SegmentSizes = {
  mostBytes: 512 * 1024,
  keptBytes: 128 * 1024,
  segmentBytes: 256 * 1024,
};
