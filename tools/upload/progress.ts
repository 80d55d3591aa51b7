import type { ContentRange } from "../../src/protocol/content-range.ts";
import type { ClientPacket } from "../bits-client/packet-head.ts";

/** Windows sends no smaller Fragment, the last one excepted ([MC-BUP] 6, notes 10 and 16). */
export const SMALLEST_FRAGMENT_BYTES = 5 * 1024;
/** And no larger one; the page does not say which megabyte it means, so the smaller. */
export const LARGEST_FRAGMENT_BYTES = 13_000_000;
/** Where a session and a connection begin: the largest of Windows before BITS 2.5, fine for a slow line. */
export const FIRST_FRAGMENT_BYTES = 128 * 1024;

/** The host that took over from the URL's, [MC-BUP] 1.3.4.2. */
export interface OtherHost {
  readonly id: string;
  /** After so long without an accepted Fragment the URL's host is asked again; null for never. */
  readonly fallbackTimeoutSeconds: number | null;
}

/** Leave it; fetch it where one is offered; or fail where none is, as an upload-reply job ([MC-BUP] 3.1.5.2.4). */
export type ReplyWish = "none" | "offered" | "required";

/**
 * Where an upload is: [MC-BUP] 3.1.1.2, all of it plain data, so that it can be kept over a restart of the machine.
 * `creating` has no session; `sending` has; `fetching` wants the reply; `closing` has everything sent.
 */
export interface Progress {
  readonly phase: "creating" | "sending" | "fetching" | "closing" | "done";
  /** Bytes of the whole file. */
  readonly total: number;
  /** What is done about a reply before the session is closed. */
  readonly reply: ReplyWish;
  readonly sessionId: string | null;
  readonly host: OtherHost | null;
  /** The next byte that the server wants, as far as it has said. */
  readonly offset: number;
  /** The next Fragment is at most so long … */
  readonly fragmentBytes: number;
  /** … and never longer than this: what was refused with 413 is not tried again. */
  readonly fragmentCeiling: number;
  /** The session is taken up again: Ping comes first ([MC-BUP] 3.1.4.3). */
  readonly mustPing: boolean;
  readonly replyUrl: string | null;
  /** How often Close-Session has left. Kept on disk before it leaves: what became of it may never be heard. */
  readonly closes: number;
  /** How many sessions it took so far, this one included. */
  readonly sessions: number;
}

/** An upload of which nothing has been said yet. */
export function begin(total: number, reply: ReplyWish): Progress {
  return {
    phase: "creating",
    total,
    reply,
    sessionId: null,
    host: null,
    offset: 0,
    fragmentBytes: FIRST_FRAGMENT_BYTES,
    fragmentCeiling: LARGEST_FRAGMENT_BYTES,
    mustPing: false,
    replyUrl: null,
    closes: 0,
    sessions: 1,
  };
}

/** The session is gone: everything from the start, with what was learnt of the way ([MC-BUP] 3.1.5.1.7). */
export function startOver(progress: Progress): Progress {
  const { total, reply, fragmentCeiling, sessions } = progress;
  return { ...begin(total, reply), fragmentCeiling, sessions: sessions + 1 };
}

/** As it is when the program starts again: the connection is a new one, and so is the feeling for its speed. */
export function takeUp(progress: Progress): Progress {
  return { ...progress, mustPing: progress.sessionId !== null, fragmentBytes: firstFragment(progress) };
}

/** The packet that comes next, or null where none does: the reply is to be fetched, or all is done. */
export function nextPacket(progress: Progress): ClientPacket | null {
  const { phase, sessionId } = progress;
  if (phase === "creating" || sessionId === null) return { type: "Create-Session" };
  if (progress.mustPing) return { type: "Ping" };
  if (phase === "sending") return { type: "Fragment", sessionId, range: nextRange(progress) };
  return phase === "closing" ? { type: "Close-Session", sessionId } : null;
}

/** What has to be kept on disk before `packet` leaves: that Close-Session did, whatever is heard of it. */
export function leaving(progress: Progress, packet: ClientPacket): Progress {
  return packet.type === "Close-Session" ? { ...progress, closes: progress.closes + 1 } : progress;
}

/** [MC-BUP] 3.1.5.1.4; an empty file gives `0--1/0`, as the formula there has it. */
function nextRange({ offset, total, fragmentBytes }: Progress): ContentRange {
  const length = Math.min(fragmentBytes, total - offset);
  return { first: offset, last: offset + length - 1, total };
}

/** Small again, so that the next Ack says early how far the server has come. */
export function firstFragment({ fragmentCeiling }: Progress): number {
  return Math.min(FIRST_FRAGMENT_BYTES, fragmentCeiling);
}
