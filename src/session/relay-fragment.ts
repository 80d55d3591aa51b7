import { FAULTS } from "../protocol/faults.ts";
import type { Packet } from "../protocol/packet.ts";
import type { SessionPacket } from "./session-record.ts";
import type { Answer, UploadSession } from "./upload-session.ts";

/** The largest piece: an isolate of 128 MB serves many connections, and SQLite's rows end at 2 MB. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Carries the body of one Fragment to its session, in pieces of at most 1 MiB, so that memory is flat
 * and a connection that breaks leaves what has arrived. While one piece is being made durable the next
 * is read; calls on one stub arrive in order. Bytes that the session has already are read past.
 *
 * @returns the session's answer to the last piece, or the first refusal; the rest of the body is then unread
 * @throws where the client's connection or the session's object breaks
 */
export async function relayFragment(
  session: DurableObjectStub<UploadSession>,
  packet: SessionPacket,
  fragment: Extract<Packet, { type: "Fragment" }>,
  body: ReadableStream<Uint8Array> | null,
): Promise<Answer> {
  const { first, total } = fragment.range;
  const reader = body?.getReader({ mode: "byob" });
  let buffer: ArrayBufferLike = new ArrayBuffer(Math.min(PIECE_BYTES, fragment.contentLength));
  let read = 0;
  /** The session's word on the piece before; the first piece has none. */
  let before: Promise<Answer> | null = null;
  let answer: Answer | null = null;
  do {
    const wanted = Math.min(PIECE_BYTES, fragment.contentLength - read);
    const bytes = await readPiece(reader, buffer, wanted);
    if (bytes.byteLength < wanted && bytes.byteLength === 0) break;
    const start = first + read;
    read += bytes.byteLength;
    const isLast = read === fragment.contentLength || bytes.byteLength < wanted;
    const isStored = answer?.offset != null && start + bytes.byteLength <= answer.offset;
    if (isLast || !isStored) {
      const sent: Promise<Answer> = session.append(packet, { first: start, total, bytes });
      // If the piece before is refused, that is the answer, and nobody asks for this one's.
      sent.catch(() => undefined);
      answer = before === null ? null : await before;
      if (answer !== null && answer.fault !== null) return answer;
      before = sent;
    }
    // The call above copied the bytes when it was made, so their memory takes the next piece.
    buffer = bytes.buffer;
    if (bytes.byteLength < wanted) break;
  } while (read < fragment.contentLength);
  reader?.releaseLock();
  return before === null ? { offset: null, fault: FAULTS.edgeFailed } : await before;
}

/** Up to `wanted` bytes, in `buffer` where it has just that size; fewer only where the body ends early. */
async function readPiece(
  reader: ReadableStreamBYOBReader | undefined,
  buffer: ArrayBufferLike,
  wanted: number,
): Promise<Uint8Array> {
  if (reader === undefined || wanted === 0) return new Uint8Array(0);
  const space = buffer.byteLength === wanted ? buffer : new ArrayBuffer(wanted);
  const { value } = await reader.readAtLeast(wanted, new Uint8Array(space));
  return value ?? new Uint8Array(0);
}
