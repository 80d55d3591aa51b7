/** How the bytes of a large upload are divided among objects. Tests have smaller ones. */
export interface SegmentSizes {
  /** A session's own object stores so many bytes of an upload at most. An upload of no more stays there as a whole. */
  readonly mostBytes: number;
  /** Of a larger upload, so many bytes stay there: the ones that came last. Less than `mostBytes`, and no less than a piece. */
  readonly keptBytes: number;
  /** Each segment stores so many bytes, the last one fewer; no less than a piece. */
  readonly segmentBytes: number;
}

const GIBIBYTE = 1024 ** 3;

/** An object of Cloudflare's stores 10 GB. The room between the first two is for bytes that come faster than they move. */
export const SEGMENT_SIZES: SegmentSizes = {
  mostBytes: 9_000_000_000,
  keptBytes: 2 * GIBIBYTE,
  segmentBytes: 4 * GIBIBYTE,
};
