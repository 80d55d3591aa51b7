import type { SessionId } from "../protocol/session-id.ts";

/** Whose a segment is. */
export interface SegmentOwner {
  readonly session: SessionId;
  /** The name under which the session's object keeps all segments of an upload (`Moved`). */
  readonly name: string;
}

/** What a session's object may ask of a segment. Each call is one step, and its answer leaves when the step is on disk. */
export interface SegmentCalls {
  /**
   * Stores bytes at `offset` of the segment. Bytes that it has already are skipped, so that the call may be repeated.
   *
   * @throws if the bytes would leave a gap, or if there is no room
   */
  append(owner: SegmentOwner, offset: number, pieces: readonly Uint8Array[]): void;
  /**
   * The bytes from `start` up to, not including, `end`, all of them.
   *
   * @throws if some are missing
   */
  read(start: number, end: number): Uint8Array;
  /** Removes everything. May be repeated, also if there never was anything. */
  remove(): Promise<void>;
}

/** The same, of an object that is elsewhere. A call that is rejected may have been done, or not. */
export interface RemoteSegment {
  append(...bytes: Parameters<SegmentCalls["append"]>): Promise<void>;
  read(start: number, end: number): Promise<Uint8Array>;
  remove(): Promise<void>;
}

/** What a segment may ask of the object in which its session lives. */
export interface SegmentHolder {
  /** Whether a session still needs the segments of this name. Once that is false, it stays false. */
  holdsSegments(name: string): boolean;
}

/** The name of the object that is the segment `index` of an upload. */
export function segmentNameOf(name: string, index: number): string {
  return `segment-${name}-${index}`;
}
