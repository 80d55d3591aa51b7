import type { BodyReader } from "../ingress/arrival.ts";
import { FAULTS } from "../protocol/faults.ts";
import type { Packet } from "../protocol/packet.ts";
import { type ContentCheck, contentCheck } from "./content-check.ts";
import type { SessionPacket } from "../protocol/session-record.ts";
import type { Answer } from "../protocol/session-answer.ts";
import { Headcount } from "../runtime/headcount.ts";
import { sendWithinBudget } from "./in-flight.ts";
import { giveBack, PIECE_BYTES, take } from "./piece-memory.ts";
import type { SessionStub } from "./session-stub.ts";

/** The Fragments that this isolate is reading; the doors give up on a client that is silent for longer. */
const underWay = new Headcount(120);
/**
 * In a crowd of more than `trusted` a client has to fill OPENING_BYTES before it gets the memory of a piece, at the
 * price of a copy: a thousand that dribble must not cost a GB. Beyond `wholePieces` a piece is a quarter, at the price of
 * more rows: a hundred that do send must not cost the 128 MB that an isolate has.
 */
const CROWD = { trusted: 32, wholePieces: 64 };
const OPENING_BYTES = 64 * 1024;

type Fragment = Extract<Packet, { type: "Fragment" }>;

/** The client left before the last byte: what arrived is kept, and nobody is there to be told. */
type ClientGone = "client-gone";

/**
 * Carries the body of one Fragment to its session, in pieces of at most 1 MiB, so that memory is flat
 * and a connection that breaks leaves what has arrived. While one piece is being made durable the next
 * is read; calls on one stub arrive in order. Bytes that the session has already are read past.
 *
 * @returns the session's answer to the last piece, or the first refusal; the rest of the body is then unread.
 *   "client-gone" where the body ended before its time
 * @throws where the session's object breaks
 */
export async function relayFragment(
  session: SessionStub,
  packet: SessionPacket,
  fragment: Fragment,
  headers: Headers,
  reader: BodyReader | null,
): Promise<Answer | ClientGone> {
  const check = contentCheck(headers);
  try {
    return check === null
      ? await relay(session, packet, fragment, reader)
      : await relayChecked(session, packet, fragment, reader, check);
  } finally {
    reader?.releaseLock(); // what is unread is the door's to deal with
  }
}

async function relay(
  session: SessionStub,
  packet: SessionPacket,
  { range: { first, total }, contentLength }: Fragment,
  reader: BodyReader | null,
): Promise<Answer | ClientGone> {
  /** The session's word on the piece before; the first piece has none. */
  let before: Promise<Answer> | null = null;
  let stored = first;
  let read = 0;
  for await (const bytes of piecesOf(reader, contentLength)) {
    const start = first + read;
    read += bytes.byteLength;
    if (read < contentLength && start + bytes.byteLength <= stored) continue;
    const sent = await sendWithinBudget<Answer>(() => session.append(packet, { first: start, total, bytes }));
    const answer: Answer | null = before === null ? null : await before;
    if (answer !== null && answer.fault !== null) return answer;
    stored = answer?.offset ?? stored;
    before = sent.answer;
  }
  const answer = await before;
  return answer === null || read < contentLength ? "client-gone" : answer;
}

/** The same for a Fragment with a digest: its pieces wait apart until all are here and right. */
async function relayChecked(
  session: SessionStub,
  packet: SessionPacket,
  { range: { first, total }, contentLength }: Fragment,
  reader: BodyReader | null,
  check: ContentCheck,
): Promise<Answer | ClientGone> {
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
    before = session.stage(packet, name, bytes);
  }
  await before;
  if (read === contentLength && (await check.isRight()))
    return await session.adopt(packet, name, first, total);
  await session.unstage(name);
  return read < contentLength ? "client-gone" : { offset, fault: FAULTS.digestMismatch };
}

/**
 * The body in pieces of at most 1 MiB; less than `length` bytes where the client has gone. A piece is good until the
 * next is asked for: a call of the session has copied it by then. An empty body is one empty piece.
 */
async function* piecesOf(
  reader: BodyReader | null,
  length: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fragment = {};
  try {
    for (let read = 0; read < length || read === 0;) {
      underWay.heard(fragment);
      const most = underWay.size > CROWD.wholePieces ? PIECE_BYTES / 4 : PIECE_BYTES;
      const wanted = Math.min(most, length - read);
      const isOpening = read === 0 && wanted > OPENING_BYTES && underWay.size > CROWD.trusted;
      const bytes: Uint8Array = await (isOpening
        ? readFirstPiece(reader, wanted)
        : readPiece(reader, wanted));
      const { byteLength } = bytes;
      try {
        if (byteLength > 0 || wanted === 0) yield bytes;
      } finally {
        giveBack(bytes);
      }
      read += byteLength;
      if (byteLength < wanted || wanted === 0) return;
    }
  } finally {
    underWay.over(fragment);
  }
}

/** As `readPiece`, but the memory for a whole piece is only there for a client that really sends. */
async function readFirstPiece(reader: BodyReader | null, wanted: number): Promise<Uint8Array> {
  const opening = await readPiece(reader, OPENING_BYTES);
  if (opening.byteLength < OPENING_BYTES) return opening;
  const rest = await readPiece(reader, wanted - OPENING_BYTES);
  const piece = take(wanted).subarray(0, OPENING_BYTES + rest.byteLength);
  piece.set(opening);
  piece.set(rest, OPENING_BYTES);
  giveBack(opening);
  giveBack(rest);
  return piece;
}

/** Up to `wanted` bytes; fewer only where the body ends early. */
async function readPiece(reader: BodyReader | null, wanted: number): Promise<Uint8Array> {
  if (reader === null || wanted === 0) return new Uint8Array(0);
  // A body that breaks is a body that ends too early: what came before counts, and the client is gone.
  const read = await reader.readAtLeast(wanted, take(wanted)).catch(() => null);
  return read?.value ?? new Uint8Array(0);
}
