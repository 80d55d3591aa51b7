import type { BodyReader } from "../ingress/arrival.ts";
import { FAULTS } from "../protocol/faults.ts";
import type { Packet } from "../protocol/packet.ts";
import { type ContentCheck, contentCheck } from "./content-check.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import type { Answer } from "../protocol/session-answer.ts";
import { Headcount } from "../runtime/headcount.ts";
import { sendWithinBudget } from "./in-flight.ts";
import { returnBuffer, PIECE_BYTES, takeBuffer } from "./piece-memory.ts";
import type { SessionStub } from "./session-stub.ts";

/** The Fragments that this isolate reads; both doors give up on a client that is silent for longer than this. */
const fragmentsBeingRead = new Headcount(120);
/**
 * Above `trusted` Fragments at once, a client gets the buffer of a piece only after it has sent OPENING_BYTES, at the
 * price of one copy: a thousand clients that dribble must not cost a GB. Above `wholePieces`, a piece is a quarter as
 * large, at the price of more rows: a hundred clients that do send must not cost the 128 MB that an isolate has.
 */
const CROWD = { trusted: 32, wholePieces: 64 };
const OPENING_BYTES = 64 * 1024;

type Fragment = Extract<Packet, { type: "Fragment" }>;

/** The client left before the last byte. What arrived is kept, and nobody reads the Ack. */
type ClientLeft = "client-left";

/**
 * Carries the body of one Fragment to its session in pieces of at most 1 MiB: memory stays flat, and what arrived before
 * a connection breaks is kept. While the session makes one piece durable, the next one is read; calls on one stub
 * arrive in order. Bytes that the session has already are skipped.
 *
 * @param callsKeepOrder whether a call may be made before the one before it is answered
 * @returns the session's answer to the last piece, or the first refusal; the rest of the body is then unread.
 *   "client-left" if the body ended before its time
 * @throws if the session's object breaks
 */
export async function relayFragment(
  session: SessionStub,
  packet: SessionPacket,
  fragment: Fragment,
  headers: Headers,
  reader: BodyReader | null,
  callsKeepOrder: boolean,
): Promise<Answer | ClientLeft> {
  const check = contentCheck(headers);
  try {
    return check === null
      ? await relay(session, packet, fragment, reader, callsKeepOrder)
      : await relayChecked(session, packet, fragment, reader, check);
  } finally {
    reader?.releaseLock(); // the door deals with what is unread
  }
}

async function relay(
  session: SessionStub,
  packet: SessionPacket,
  { range: { first, total }, contentLength }: Fragment,
  reader: BodyReader | null,
  callsKeepOrder: boolean,
): Promise<Answer | ClientLeft> {
  /** The session's answer to the piece before; null for the first piece. */
  let before: Promise<Answer> | null = null;
  let stored = first;
  let read = 0;
  for await (const bytes of piecesOf(reader, contentLength)) {
    const start = first + read;
    read += bytes.byteLength;
    if (read < contentLength && start + bytes.byteLength <= stored) continue;
    const known = callsKeepOrder ? null : await before;
    if (known !== null && known.fault !== null) return known;
    const sent = await sendWithinBudget<Answer>(() => session.append(packet, { first: start, total, bytes }));
    const answer: Answer | null = before === null ? null : await before;
    if (answer !== null && answer.fault !== null) return answer;
    stored = answer?.offset ?? stored;
    before = sent.answer;
  }
  const answer = await before;
  return answer === null || read < contentLength ? "client-left" : answer;
}

/** Carries a Fragment with a digest: its pieces are staged until all have arrived and the digest is right. */
async function relayChecked(
  session: SessionStub,
  packet: SessionPacket,
  { range: { first, total }, contentLength }: Fragment,
  reader: BodyReader | null,
  check: ContentCheck,
): Promise<Answer | ClientLeft> {
  const offset = await session.offset(packet);
  if (offset === null) return { offset, fault: FAULTS.sessionUnknown };
  if (first > offset) return { offset, fault: FAULTS.offsetGap };
  const name = crypto.randomUUID();
  let read = 0;
  let before: Promise<void> = Promise.resolve();
  for await (const bytes of piecesOf(reader, contentLength)) {
    await check.append(bytes);
    read += bytes.byteLength;
    await before;
    before = session.stage(packet, name, { total, bytes });
  }
  await before;
  if (read === contentLength && (await check.isRight()))
    return await session.adopt(packet, name, { first, length: contentLength, total });
  await session.unstage(packet, name);
  return read < contentLength ? "client-left" : { offset, fault: FAULTS.digestMismatch };
}

/**
 * Yields the body in pieces of at most 1 MiB; fewer than `length` bytes in all if the client left. A piece is valid until
 * the next one is asked for; the call to the session has copied it by then. An empty body is one empty piece.
 */
async function* piecesOf(
  reader: BodyReader | null,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fragment = {};
  try {
    for (let read = 0; read < length || read === 0;) {
      fragmentsBeingRead.heard(fragment);
      const most = fragmentsBeingRead.size > CROWD.wholePieces ? PIECE_BYTES / 4 : PIECE_BYTES;
      const wanted = Math.min(most, length - read);
      const isOpening = read === 0 && wanted > OPENING_BYTES && fragmentsBeingRead.size > CROWD.trusted;
      const bytes: Uint8Array = await (isOpening
        ? readFirstPiece(reader, wanted)
        : readPiece(reader, wanted));
      const { byteLength } = bytes;
      try {
        if (byteLength > 0 || wanted === 0) yield bytes;
      } finally {
        returnBuffer(bytes);
      }
      read += byteLength;
      if (byteLength < wanted || wanted === 0) return;
    }
  } finally {
    fragmentsBeingRead.over(fragment);
  }
}

/** Reads a piece like `readPiece`, but takes the buffer of a whole piece only once the client has sent its opening. */
async function readFirstPiece(reader: BodyReader | null, wanted: number): Promise<Uint8Array> {
  const opening = await readPiece(reader, OPENING_BYTES);
  if (opening.byteLength < OPENING_BYTES) return opening;
  const rest = await readPiece(reader, wanted - OPENING_BYTES);
  const piece = takeBuffer(wanted).subarray(0, OPENING_BYTES + rest.byteLength);
  piece.set(opening);
  piece.set(rest, OPENING_BYTES);
  returnBuffer(opening);
  returnBuffer(rest);
  return piece;
}

/** Up to `wanted` bytes; fewer only where the body ends early. */
async function readPiece(reader: BodyReader | null, wanted: number): Promise<Uint8Array> {
  if (reader === null || wanted === 0) return new Uint8Array(0);
  // If the body breaks, treat it as one that ended early: keep what came before.
  const read = await reader.readAtLeast(wanted, takeBuffer(wanted)).catch(() => null);
  return read?.value ?? new Uint8Array(0);
}
