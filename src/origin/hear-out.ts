import { watchForSilence } from "./silence-watch.ts";

/** More than an application says to an upload; one that does not stop is left. */
const MOST_BYTES = 1024 * 1024;
const READ_BYTES = 16 * 1024;

/**
 * Reads an acceptance to its end and drops it, with nobody waiting. Whoever is left in the middle of its answer may break
 * off what it is doing: a PHP script ends with its next output ("Connection handling" in PHP's manual), an ASP.NET Core
 * application is told by `RequestAborted`. And a connection that is closed with bytes unread is reset, which also takes
 * what the other side has not read of the upload (RFC 9112 section 9.6).
 *
 * @param seconds that it may take in all
 * @param isOver says whether the answer is over with these bytes; where it does not, the stream's end is the answer's
 */
export async function hearOut(
  reader: ReadableStreamBYOBReader,
  seconds: number,
  isOver: (bytes: Uint8Array) => boolean = () => false,
): Promise<void> {
  const leave = (): Promise<void> => reader.cancel().catch(() => undefined); // it may have ended by itself
  const watch = watchForSilence(seconds);
  watch.signal.addEventListener("abort", () => void leave());
  try {
    for (let left = MOST_BYTES; left > 0;) {
      const { value, done } = await reader.read(new Uint8Array(READ_BYTES));
      if (done || isOver(value)) break;
      left -= value.byteLength;
    }
  } catch {
    // What was said before the connection broke is what counts.
  } finally {
    watch.stop();
    await leave();
  }
}
