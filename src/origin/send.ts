import { letGo } from "../runtime/let-go.ts";
import type { SilenceWatch } from "./silence-watch.ts";

/** How much of an upload lies ready for the origin: one large piece, or several small ones. */
const QUEUE_BYTES = 1024 * 1024;

/**
 * Writes `pieces` into a request's body as fast as they are taken.
 *
 * @param signal calls it off: a write that nobody takes would keep the object in memory for ever
 * @returns the bytes that were taken before the end, or before it broke
 */
export async function send(
  pieces: Iterable<Uint8Array>,
  body: WritableStream<Uint8Array>,
  watch: SilenceWatch,
  signal: AbortSignal,
): Promise<number> {
  const writer = body.getWriter();
  writer.closed.catch(() => undefined); // told by `write` and `close` already
  const callOff = (): void => void writer.abort().catch(() => undefined);
  signal.addEventListener("abort", callOff);
  let sent = 0;
  let queued = 0;
  const put = async (bytes: Uint8Array): Promise<void> => {
    const { byteLength } = bytes;
    queued += byteLength;
    await writer.write(bytes);
    queued -= byteLength;
    sent += byteLength;
    watch.heard();
    letGo(bytes); // left to the garbage collector, 2 GiB leave half a GiB behind
  };
  try {
    for (const bytes of pieces) {
      const taken = put(bytes);
      if (queued >= QUEUE_BYTES) await taken;
      else taken.catch(() => undefined); // told by the next that is waited for, or by `close`
    }
    await writer.close();
  } catch {
    // The request has failed or was answered early; its own outcome says which.
    callOff();
  }
  return sent;
}
