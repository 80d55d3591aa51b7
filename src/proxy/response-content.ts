import { CalledOff } from "./called-off.ts";
import { copy, pipeFor } from "./copy.ts";

/**
 * The content of the origin's answer, which ends with its request if the origin falls silent. Where the runtime carries an
 * answer by itself, it is faster, but nobody sees that nothing moves: at a door that is not told of a client's FIN, the
 * connections on both sides would stay for ever.
 *
 * @param idleSeconds the longest silence of the origin
 * @param over ends the origin's request
 * @returns a stream that breaks where the origin breaks off or is silent: no answer ends as if it were whole; null where
 *   there is no content
 */
export function withoutLongSilence(
  { body, headers }: Response,
  idleSeconds: number,
  over: AbortController,
): ReadableStream<Uint8Array> | null {
  if (body === null) return null;
  const { readable, writable } = pipeFor(headers);
  void carry(body, writable, idleSeconds, over);
  return readable;
}

async function carry(
  body: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  idleSeconds: number,
  over: AbortController,
): Promise<void> {
  try {
    const isWhole = await copy(body, writable, {
      idleSeconds,
      silent: () => new CalledOff("the origin is silent", 504),
      broken: (cause) => new CalledOff("the origin broke off", 502, { cause }),
    });
    if (!isWhole) over.abort(new CalledOff("the client has left", 400));
  } catch (error) {
    over.abort(error);
    await writable.abort(error).catch(() => undefined); // told already
  }
}
