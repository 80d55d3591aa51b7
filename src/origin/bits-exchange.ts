import { bodyOf } from "../http1/response-body.ts";
import type { ResponseHead } from "../http1/response-framing.ts";
import { AnswerReader, type ReadAnswer } from "../http1/response-reader.ts";
import { formatRequestHead } from "../http1/request-writer.ts";
import { BITS_POST, HEADER } from "../protocol/headers.ts";
import { isSuccess } from "./outcome.ts";
import { PACES, type Pieces, Sender, type Sending } from "./sender.ts";
import { receiveHead } from "../runtime/receive-head.ts";
import type { SilenceWatch } from "../runtime/silence-watch.ts";

const READ_BYTES = 4096;
/** An Ack has no body; what an origin sends with an error is read up to here, so that its connection can be kept. */
const MOST_BODY_BYTES = 64 * 1024;

const SENT_WITHIN_MS = 1000;

/** A packet for the BITS server at the origin. */
export interface OriginPacket {
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of `content`, exactly. */
  readonly length: number;
  readonly content: () => Pieces;
  /** Whether a refusal is to be expected: the first Fragment of a size. */
  readonly isCareful: boolean;
}

/** Of every packet but Fragment. */
export const NO_CONTENT: Pick<OriginPacket, "length" | "content" | "isCareful"> = {
  length: 0,
  content: () => [],
  isCareful: false,
};

/** The two directions of an open connection. */
export interface Connection {
  readonly writable: WritableStream<Uint8Array>;
  readonly reader: ReadableStreamBYOBReader;
}

/**
 * Sends one packet, and takes its Ack. An Ack that comes before the end of its packet ends the sending.
 *
 * @returns the head of the Ack, and whether the connection can bring another
 * @throws where the connection breaks before the Ack, or brings something else
 */
export async function exchangeOn(
  { writable, reader }: Connection,
  packet: OriginPacket,
  watch: SilenceWatch,
): Promise<{ readonly head: ResponseHead; readonly isKept: boolean }> {
  const over = new AbortController();
  const leave = (): void => over.abort();
  watch.signal.addEventListener("abort", leave);
  try {
    const message = encodeHead(packet);
    const torn = Promise.withResolvers<never>();
    torn.promise.catch(() => undefined); // told by the race below, if it still runs
    const answering = receiveHead(reader, new AnswerReader(), () => watch.heard());
    const sending = sendPacket(packet, message, writable, { watch, signal: over.signal, tear: torn.reject });
    const read = await Promise.race([answering, torn.promise]);
    watch.answered();
    // An origin that takes a packet has read it: what is left of the sending is the runtime's word that it is done.
    const patience = isSuccess(read.head) ? SENT_WITHIN_MS : 0;
    const isWhole = await Promise.race([sending, scheduler.wait(patience).then(() => false)]);
    return { head: read.head, isKept: isWhole && (await isReadOut(read, reader, watch)) };
  } finally {
    leave();
    watch.signal.removeEventListener("abort", leave);
  }
}

function encodeHead({ url, headers, length }: OriginPacket): Uint8Array {
  return new TextEncoder().encode(formatRequestHead({ method: BITS_POST, url, headers }, length));
}

/** @returns whether all of it has gone out; never rejects */
async function sendPacket(
  packet: OriginPacket,
  head: Uint8Array,
  writable: WritableStream<Uint8Array>,
  { watch, signal, tear }: Sending & { readonly tear: (error: unknown) => void },
): Promise<boolean> {
  const length = head.byteLength + packet.length; // the head lets go of its bytes when they are sent
  const message = new FixedLengthStream(length);
  const failure = new AbortController();
  // By the runtime's pipe, because it can be called off (`Exchange` of by-socket.ts says why).
  const piped = message.readable.pipeTo(writable, { signal, preventAbort: true, preventClose: true }).then(
    () => true,
    () => {
      failure.abort();
      return false;
    },
  );
  const sender = new Sender(message.writable, { watch, signal: failure.signal });
  sender.torn.catch(tear);
  if (packet.isCareful) sender.pace = PACES.wanted;
  await sender.send([head]);
  await sender.send(packet.content());
  await sender.close();
  return (await piped) && sender.sent === length;
}

/** Reads to the end of an Ack. @returns whether it has one, and the connection goes on (RFC 9112 section 9.3) */
async function isReadOut(
  { head, rest }: ReadAnswer,
  reader: ReadableStreamBYOBReader,
  watch: SilenceWatch,
): Promise<boolean> {
  if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(head.headers.get(HEADER.connection) ?? "")) return false;
  const body = bodyOf(head);
  if (body.endsWithConnection) return false;
  try {
    body.push(rest);
    for (let left = MOST_BODY_BYTES; !body.isOver;) {
      const { value, done } = await reader.read(new Uint8Array(READ_BYTES));
      if (done || (left -= value.byteLength) <= 0) return false;
      watch.heard();
      body.push(value);
    }
    return true;
  } catch {
    return false; // the Ack was in its head
  }
}
