import type { AnswerBody } from "../http1/response-body.ts";
import { watchForSilence } from "../runtime/silence-watch.ts";

/** More than an application says to an upload; one that does not stop is left. */
const MOST_BYTES = 1024 * 1024;
const READ_BYTES = 16 * 1024;

/**
 * Reads an acceptance to its end and drops it, with nobody waiting. Whoever is left in the middle of its answer may break
 * off what it is doing: a PHP script ends with its next output ("Connection handling" in PHP's manual), an ASP.NET Core
 * application is told by `RequestAborted`. And a connection that is closed with bytes unread is reset, which also takes
 * what the other side has not read of the upload (RFC 9112 section 9.6).
 *
 * @param first bytes of it that were read with its head
 * @param seconds that it may take in all
 */
export async function hearOut(
  first: Uint8Array,
  reader: ReadableStreamBYOBReader,
  body: AnswerBody,
  seconds: number,
): Promise<void> {
  const leave = (): Promise<void> => reader.cancel().catch(() => undefined); // it may have ended by itself
  const watch = watchForSilence(seconds);
  watch.signal.addEventListener("abort", () => void leave());
  try {
    body.push(first);
    for (let left = MOST_BYTES; left > 0 && !body.isOver;) {
      const { value, done } = await reader.read(new Uint8Array(READ_BYTES));
      if (done) break;
      body.push(value);
      left -= value.byteLength;
    }
  } catch {
    // What was said before the connection broke, or before it stopped to be HTTP, is what counts.
  } finally {
    watch.stop();
    await leave();
  }
}
