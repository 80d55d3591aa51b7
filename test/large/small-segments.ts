import { UploadSegment as Segment, UploadSession as Session } from "../../src/worker.ts";
import type { SegmentOwner } from "../../src/session/segment-calls.ts";
import type { SegmentSizes } from "../../src/session/segment-sizes.ts";
import { SIZES } from "./small-sizes.ts";

export { default, SessionCounter, SessionIndex } from "../../src/worker.ts";

/** What the segments do just now; the edge's one isolate remembers it. */
export const segments = { refuse: false };

/** The edge as it is, but for the sizes. */
export class UploadSession extends Session {
  protected override segmentSizes(): SegmentSizes {
    return SIZES;
  }
}

export class UploadSegment extends Segment {
  override append(owner: SegmentOwner, offset: number, pieces: readonly Uint8Array[]): void {
    refuse();
    super.append(owner, offset, pieces);
  }

  override read(start: number, end: number): Uint8Array {
    refuse();
    return super.read(start, end);
  }

  override async remove(): Promise<void> {
    refuse();
    await super.remove();
  }
}

function refuse(): void {
  if (segments.refuse) throw new Error("nobody has this segment just now");
}
