import { CalledOff } from "./called-off.ts";
import { copy, pipeFor } from "./copy.ts";

/** A request's content on its way to the origin. */
export interface RequestContent {
  /** For `fetch`; null where there is none. */
  readonly stream: ReadableStream<Uint8Array> | null;
  /** Whether all of it was read, and not left because nobody wants more; rejects with CalledOff where the client broke off. */
  readonly carried: Promise<boolean>;
}

/**
 * Carries the content of `request` with its length where the client said it: legacy origins refuse chunked requests.
 *
 * Where the client breaks off, the stream does not end, and must not: the runtime ends a chunked request whose stream was
 * closed or has failed with a proper last chunk (seen with workerd 1.20261117.1), and the origin would take what came for
 * the whole (ruling 29, incomplete stays incomplete). The caller aborts the request by its signal instead.
 *
 * @param idleSeconds the longest silence of the client; null where its door sees to that
 * @param heard called for every piece that came
 */
export function carryContent(
  { body, headers }: Request,
  idleSeconds: number | null,
  heard: () => void,
): RequestContent {
  if (body === null) return { stream: null, carried: Promise.resolve(true) };
  const { readable, writable } = pipeFor(headers);
  // Where nobody wants more, the origin has answered, or is gone: its answer says which.
  const carried = copy(body, writable, {
    idleSeconds,
    heard,
    silent: () => new CalledOff("the client is silent", 408),
    broken: (cause) => new CalledOff("the client broke off", statusOf(cause), { cause }),
  });
  return { stream: readable, carried };
}

/** The TCP door has a refusal for malformed chunks; without one, bytes stopped coming. */
function statusOf(cause: unknown): number {
  return cause instanceof Error && "refusal" in cause && cause.refusal === null ? 408 : 400;
}
