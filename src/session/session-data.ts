import type { SignedUrlKind } from "../signed/signed-url.ts";
import { needs } from "../protocol/transitions.ts";
import type { SessionStore } from "./session-store.ts";
import type { StoredBytes } from "./stored-bytes.ts";

/** The size of what a signed URL names, in bytes, and when it came, in milliseconds since 1970. */
export interface DataSize {
  readonly length: number;
  readonly modifiedAt: number;
}

/** What of a session can be read just now: its whole entity, or the application's reply; null for neither. */
export function measure({ record, fragments, reply }: SessionStore, kind: SignedUrlKind): DataSize | null {
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

/** Stored bytes as a stream that reads storage as it is read. */
export function streamOf(bytes: StoredBytes, start: number, end: number): ReadableStream<Uint8Array> {
  const pieces = bytes.read(start, end);
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const { value, done } = pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

/**
 * Bytes of a reply that an application PUTs while it is notified by reference; the first start a new one.
 *
 * @returns "refused" where no notification runs, or another PUT has come in between; "too-large" where it is that,
 *   and then nothing of it stays
 */
export function appendReply(
  store: SessionStore,
  first: number,
  bytes: Uint8Array,
  maximumBytes: number,
): "taken" | "refused" | "too-large" {
  const { reply, record } = store;
  if (record?.state !== "committing" || record.delivery !== null) return "refused";
  if (first === 0) store.atomically(() => reply.discard());
  if (first !== reply.length) return "refused";
  const isTooLarge = first + bytes.byteLength > maximumBytes;
  store.atomically(() => (isTooLarge ? reply.discard() : reply.append(bytes, Date.now())));
  return isTooLarge ? "too-large" : "taken";
}
