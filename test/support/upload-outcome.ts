import type { Ack, PacketType } from "./bits-client.ts";

/** How an upload went that reached the end. */
export interface UploadReport {
  readonly sessionId: string;
  /** More than 1 when a session was lost and the upload began again. */
  readonly sessions: number;
  readonly connections: number;
  readonly fragments: number;
  /** Of the file, what was sent twice counted twice. */
  readonly sentBytes: number;
  readonly milliseconds: number;
  /** Of these, what Close-Session took, its repetitions too. */
  readonly closeMilliseconds: number;
  /** Every break inside a Fragment: how far we had sent, and what the next Ack said is stored. */
  readonly breaks: readonly { sentTo: number; resumedAt: number }[];
  readonly replyUrl: string | undefined;
  readonly closeAck: Ack;
}

/** An Ack after which Windows gives up, or which it repeated in vain. */
export class UploadRefused extends Error {
  override name = "UploadRefused";
  readonly packetType: PacketType;
  readonly ack: Ack;

  constructor(packetType: PacketType, ack: Ack) {
    const code = ack.errorCode === undefined ? "" : ` 0x${ack.errorCode.toString(16).padStart(8, "0")}`;
    super(`${packetType} was answered ${ack.status}${code}`);
    this.packetType = packetType;
    this.ack = ack;
  }
}

/** The server does not know the session (any more): the upload begins again. */
export class SessionUnknown extends UploadRefused {
  override name = "SessionUnknown";
}

/**
 * Whether Windows stops at this status: Close-Session is repeated on every 5xx and on nothing else (Win32,
 * "Ack for Close-Session"); other packets by the classes of "Handling server application errors".
 */
export function isFinal(packetType: PacketType, status: number): boolean {
  if (packetType === "Close-Session") return status < 500;
  if (status >= 500) return status === 501 || status === 505;
  return status >= 400 && status !== 408 && status !== 409;
}
