import type { Pieces } from "../origin/sender.ts";
import { needs } from "../protocol/transitions.ts";
import type { SignedUrlKind } from "../signed/signed-url.ts";
import type { Session } from "./session.ts";
import type { DataSize, ReplyPiece } from "./session-calls.ts";

/** The size of the session's whole entity, or of the application's reply; null if that cannot be read just now. */
export function measure(
  { store: { record, fragments, reply } }: Session,
  kind: SignedUrlKind,
): DataSize | null {
  if (record === null) return null;
  if (kind === "entity") {
    const isWhole = fragments.length === record.total;
    return isWhole && needs(record).entity
      ? { length: fragments.length, modifiedAt: fragments.lastReceivedAt }
      : null;
  }
  return record.delivery?.reply === "stored"
    ? { length: reply.length, modifiedAt: record.delivery.at }
    : null;
}

/** Stored bytes as a stream. It reads them no faster than its reader does. */
export function streamOf(bytes: Pieces): ReadableStream<Uint8Array> {
  const pieces = Symbol.asyncIterator in bytes ? bytes[Symbol.asyncIterator]() : bytes[Symbol.iterator]();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

/** Stores the next bytes of a reply that an application PUTs while it is notified by reference; the first start a new one. */
export function appendReply(session: Session, first: number, bytes: Uint8Array): ReplyPiece {
  const { store, world } = session;
  const { reply, record } = store;
  if (record?.state !== "committing" || record.delivery !== null) return "refused";
  const most = session.directory()?.maximumUploadBytes ?? 0;
  const isTooLarge = first + bytes.byteLength > Math.min(most, world.segmentSizes().mostBytes);
  if (first > 0 && first !== reply.length) return "refused";
  store.atomically(() => {
    if (first === 0 || isTooLarge) while (!store.removeSomeReply());
    if (!isTooLarge) reply.append(bytes, world.now());
  });
  return isTooLarge ? "too-large" : "taken";
}
