import { FAULTS } from "../protocol/faults.ts";
import type { Packet } from "../protocol/packet.ts";
import { contentCheck } from "./content-check.ts";
import type { SessionPacket } from "./session-record.ts";
import type { Answer, UploadSession } from "./upload-session.ts";

/** The largest piece: an isolate of 128 MB serves many connections, and SQLite's rows end at 2 MB. */
const PIECE_BYTES = 1024 * 1024;

type Fragment = Extract<Packet, { type: "Fragment" }>;
/** Sees each piece before its memory is used again. */
type Look = (bytes: Uint8Array) => Promise<void>;
type Session = DurableObjectStub<UploadSession>;

/** What an Ack would say if there were still somebody to read it. */
const CLIENT_GONE: Answer = { offset: null, fault: FAULTS.edgeFailed };

/**
 * Carries the body of one Fragment to its session, in pieces of at most 1 MiB, so that memory is flat
 * and a connection that breaks leaves what has arrived. While one piece is being made durable the next
 * is read; calls on one stub arrive in order. Bytes that the session has already are read past.
 *
 * @returns the session's answer to the last piece, or the first refusal; the rest of the body is then unread
 * @throws where the session's object breaks
 */
export async function relayFragment(
  session: Session,
  packet: SessionPacket,
  fragment: Fragment,
  request: Request,
): Promise<Answer> {
  const check = contentCheck(request.headers);
  if (check === null) return await relay(session, packet, fragment, request.body);
  // Of a Fragment whose digest is wrong nothing may stay, so what was there before has to be known.
  const before = await session.offset(packet);
  const answer = await relay(session, packet, fragment, request.body, check.append);
  if (before === null || (answer.fault !== null && answer !== CLIENT_GONE)) return answer;
  if (answer !== CLIENT_GONE && (await check.isRight())) return answer;
  await session.retract(packet, before);
  return { offset: before, fault: FAULTS.digestMismatch };
}

async function relay(
  session: Session,
  packet: SessionPacket,
  fragment: Fragment,
  body: ReadableStream<Uint8Array> | null,
  look?: Look,
): Promise<Answer> {
  const reader = body?.getReader({ mode: "byob" });
  try {
    return await relayPieces(session, packet, fragment, reader, look);
  } finally {
    reader?.releaseLock(); // what is unread is the door's to deal with
  }
}

async function relayPieces(
  session: Session,
  packet: SessionPacket,
  { range: { first, total }, contentLength }: Fragment,
  reader: ReadableStreamBYOBReader | undefined,
  look?: Look,
): Promise<Answer> {
  let buffer: ArrayBufferLike = new ArrayBuffer(Math.min(PIECE_BYTES, contentLength));
  /** The session's word on the piece before; the first piece has none. */
  let before: Promise<Answer> | null = null;
  let stored = first;
  for (let read = 0; ;) {
    const wanted = Math.min(PIECE_BYTES, contentLength - read);
    const bytes = await readPiece(reader, buffer, wanted);
    await look?.(bytes);
    const start = first + read;
    read += bytes.byteLength;
    const isLast = read === contentLength || bytes.byteLength < wanted;
    if (isLast || read + first > stored) {
      const sent: Promise<Answer> = session.append(packet, { first: start, total, bytes });
      // If the piece before is refused, that is the answer, and nobody asks for this one's.
      sent.catch(() => undefined);
      const answer: Answer | null = before === null ? null : await before;
      if (answer !== null && answer.fault !== null) return answer;
      stored = answer?.offset ?? stored;
      before = sent;
    }
    if (isLast) {
      const answer = before === null ? CLIENT_GONE : await before;
      return bytes.byteLength < wanted ? CLIENT_GONE : answer;
    }
    // The call above copied the bytes when it was made, so their memory takes the next piece.
    buffer = bytes.buffer;
  }
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
