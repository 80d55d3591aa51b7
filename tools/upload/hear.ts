import { lengthOf } from "../../src/protocol/content-range.ts";
import { FAULTS } from "../../src/protocol/faults.ts";
import { BITS_UPLOAD_PROTOCOL } from "../../src/protocol/headers.ts";
import type { ClientPacket } from "../bits-client/packet-head.ts";
import type { Answer } from "../bits-client/read-ack.ts";
import {
  FIRST_FRAGMENT_BYTES,
  firstFragment,
  type OtherHost,
  type Progress,
  SMALLEST_FRAGMENT_BYTES,
  startOver,
} from "./progress.ts";

/** What an answer means for the upload. */
export type Verdict =
  /** Go on at once. */
  | { readonly kind: "on"; readonly progress: Progress }
  /** Go on after a while: the error may pass. */
  | { readonly kind: "later"; readonly progress: Progress; readonly why: Why }
  /** Nothing that this client can do will help. */
  | { readonly kind: "over"; readonly progress?: undefined; readonly why: Why };

/** Why an upload waits, or ends. `answered`: the answer's own status and codes say it. */
export type Why =
  | "answered"
  /** Credentials are asked for, or those that were sent are not taken. */
  | "unauthorized"
  /** It answers as no BITS server does. */
  | "not a BITS server"
  /** A server whose answer breaks the protocol's rules. */
  | "broken answer"
  /** The session is not known any more, and the upload begins again. */
  | "session lost"
  /** Close-Session was sent, its answer never heard, and the server knows nothing now. */
  | "outcome unknown"
  /** An upload-reply, and the Ack of the last Fragment names no reply. */
  | "no reply"
  /** Not even the smallest Fragment passes. */
  | "no fragment passes";

/** A Fragment that takes longer than this is long enough: a line is felt for by doubling. */
const QUICK_MILLISECONDS = 5_000;

/** What a packet was answered → what is next; [MC-BUP] 3.1.5.2.1 to 3.1.5.2.6 and the Win32 pages on errors. */
export function hear(
  progress: Progress,
  packet: ClientPacket,
  answer: Answer,
  milliseconds: number,
): Verdict {
  if (answer.hresult === FAULTS.sessionUnknown.hresult && packet.type !== "Cancel-Session") {
    return sessionLost(progress, packet);
  }
  if (answer.status === 401 || answer.status === 407) return { kind: "over", why: "unauthorized" };
  if (packet.type === "Fragment" && answer.status === 413) return tooLarge(progress, packet);
  const isDone = answer.status === 200 || (packet.type === "Create-Session" && answer.status === 201);
  const isRealigned = packet.type === "Fragment" && answer.status === 416;
  if (!isDone && !isRealigned) return refused(progress, packet, answer);
  if (!answer.isAck) {
    // Where a session lives already, a gateway that is out of order may speak for a while.
    if (packet.type === "Create-Session") return { kind: "over", why: "not a BITS server" };
    return { kind: "later", progress, why: "not a BITS server" };
  }
  return HEARERS[packet.type](progress, answer, packet, milliseconds);
}

/**
 * No answer came. The session is taken up with a Ping ([MC-BUP] 3.1.4.3) and a Fragment half as long, which says early
 * how far the server has come, and gets through where long ones are what breaks the connection: who refuses a body
 * early and resets is not always heard.
 */
export function lose(progress: Progress, packet: ClientPacket): Progress {
  const taken = { ...progress, mustPing: progress.sessionId !== null };
  if (packet.type !== "Fragment") return taken;
  const half = Math.max(SMALLEST_FRAGMENT_BYTES, lengthOf(packet.range) >> 1);
  const fragmentCeiling = Math.min(progress.fragmentCeiling, Math.max(FIRST_FRAGMENT_BYTES, half));
  return { ...taken, fragmentBytes: Math.min(FIRST_FRAGMENT_BYTES, half), fragmentCeiling };
}

type Hearer = (progress: Progress, answer: Answer, packet: ClientPacket, milliseconds: number) => Verdict;

const HEARERS: { readonly [type in ClientPacket["type"]]: Hearer } = {
  "Create-Session": (progress, answer) => {
    const { sessionId, protocol, hostId } = answer;
    // Required on success, [MC-BUP] 2.2.3.2.
    if (sessionId === null || protocol !== BITS_UPLOAD_PROTOCOL)
      return { kind: "over", why: "broken answer" };
    const { hostIdFallbackTimeoutSeconds: fallbackTimeoutSeconds } = answer;
    const host: OtherHost | null = hostId === null ? null : { id: hostId, fallbackTimeoutSeconds };
    // A new host is asked by a Ping whether it is there, [MC-BUP] 1.3.4.2.
    return on({ ...progress, phase: "sending", sessionId, host, offset: 0, mustPing: host !== null });
  },
  Ping: (progress) => on({ ...progress, mustPing: false }),
  Fragment: heardFragment,
  "Close-Session": (progress) => on({ ...progress, phase: "done" }),
  "Cancel-Session": (progress) => on({ ...progress, phase: "done" }),
};

/** [MC-BUP] 3.1.5.1.4 and 3.1.5.2.4: the server's offset counts, whether it lies behind ours or before it. */
function heardFragment(
  progress: Progress,
  { status, offset, replyUrl }: Answer,
  packet: ClientPacket,
  milliseconds: number,
): Verdict {
  if (packet.type !== "Fragment" || offset === null || offset > progress.total) {
    return { kind: "later", progress, why: "broken answer" };
  }
  const moved = { ...progress, offset };
  if (offset === progress.total && (status === 200 || progress.total > 0)) return whole(moved, replyUrl);
  if (status === 200 && offset > progress.offset) {
    return on({ ...moved, fragmentBytes: grown(progress, lengthOf(packet.range), milliseconds) });
  }
  const again = { ...moved, fragmentBytes: firstFragment(progress) };
  // A server that has less than it said, or takes nothing, is not asked again at once: that could go on for ever.
  return offset > progress.offset ? on(again) : { kind: "later", progress: again, why: "answered" };
}

function whole(progress: Progress, replyUrl: string | null): Verdict {
  if (progress.reply === "required" && replyUrl === null) return { kind: "over", why: "no reply" };
  const fetches = progress.reply !== "none" && replyUrl !== null;
  return on({ ...progress, phase: fetches ? "fetching" : "closing", replyUrl });
}

/** Twice as much next time, as long as Fragments are quick. */
function grown({ fragmentBytes, fragmentCeiling }: Progress, length: number, milliseconds: number): number {
  const wanted = length === fragmentBytes && milliseconds < QUICK_MILLISECONDS ? length * 2 : fragmentBytes;
  return Math.min(wanted, fragmentCeiling);
}

/** 413, from the server or from a gateway: half of it, but never under 5 KiB ([MC-BUP] 3.1.5.1.7, 6 note 16). */
function tooLarge(progress: Progress, packet: ClientPacket & { type: "Fragment" }): Verdict {
  const length = lengthOf(packet.range);
  if (length <= SMALLEST_FRAGMENT_BYTES) return { kind: "over", why: "no fragment passes" };
  const half = Math.max(SMALLEST_FRAGMENT_BYTES, length >> 1);
  return on({ ...progress, fragmentBytes: half, fragmentCeiling: half });
}

/**
 * [MC-BUP] 3.1.5.2.1 has the client start over. But where an earlier Close-Session may have been obeyed without our
 * hearing of it, that would bring the file a second time: then Win32's "Ack for Close-Session" counts, and it stops.
 */
function sessionLost(progress: Progress, packet: ClientPacket): Verdict {
  if (packet.type === "Close-Session" && progress.closes > 1) return { kind: "over", why: "outcome unknown" };
  if (packet.type === "Ping" && progress.closes > 0) return { kind: "over", why: "outcome unknown" };
  return { kind: "later", progress: startOver(progress), why: "session lost" };
}

function refused(progress: Progress, packet: ClientPacket, { status }: Answer): Verdict {
  if (isFinal(packet.type, status)) return { kind: "over", why: "answered" };
  return { kind: "later", progress, why: "answered" };
}

/** Redirects that Windows takes as final; the others may pass. */
const FINAL_REDIRECTS = new Set([300, 301, 302, 303, 304, 305, 307]);
/** Client errors that may pass: Windows' two, and 429, by which a gateway says when to come again (RFC 6585 4). */
const PASSING_CLIENT_ERRORS = new Set([408, 409, 429]);

/**
 * Whether this status ends the upload: the classes of Win32 "Handling Server Application Errors", and for the two
 * packets that end a session those of "Ack for Close-Session": 5xx alone may pass.
 */
export function isFinal(type: ClientPacket["type"], status: number): boolean {
  if (status === 501 || status === 505) return true;
  if (type === "Close-Session" || type === "Cancel-Session") return status < 500 && status !== 429;
  if (status >= 400 && status <= 499) return !PASSING_CLIENT_ERRORS.has(status);
  return FINAL_REDIRECTS.has(status);
}

function on(progress: Progress): Verdict {
  return { kind: "on", progress };
}
