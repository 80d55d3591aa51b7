import { ask } from "./ask.ts";
import type { Errand } from "./carrier.ts";
import { type CommitRequest, sentFields } from "./commit-request.ts";
import { type Description, describe } from "./describe-file.ts";
import type { Pieces } from "./sender.ts";
import { type SilenceWatch, watchForSilence } from "../runtime/silence-watch.ts";

/** A field that lets a PUT replace the file that was looked at, and no other that came since (RFC 9110 section 13.1). */
export type Condition = readonly [name: string, value: string];

/** What is at a destination, against the upload. */
export type Found =
  /** The upload, byte for byte. */
  | { readonly is: "whole" }
  /** Its beginning, which an attempt that broke has left; or a file that is it by all that can be known without its bytes. */
  | { readonly is: "replaceable"; readonly condition: Condition | null }
  | { readonly is: "nothing" }
  /** Another file. */
  | { readonly is: "other" }
  /** The origin does not let it be read. */
  | { readonly is: "unreadable" }
  /** The origin could not be asked. */
  | { readonly is: "unknown" };

/**
 * Compares the file at the destination with the upload, byte by byte. It is asked where an earlier attempt may have
 * arrived and a later one finds the destination taken: the file may be our own, and only its bytes can say so. Neither
 * side is ever in memory as a whole.
 */
export async function readBack({ request, network, entity, silenceSeconds }: Errand): Promise<Found> {
  const watch = watchForSilence(silenceSeconds);
  try {
    const headers = { ...credentialsOf(request), "Accept-Encoding": "identity" };
    const response = await ask(network, request.url, { method: "GET", headers, signal: watch.signal });
    if (response.status === 200) return await compare(response, entity(), watch);
    await response.body?.cancel();
    if (response.status === 404 || response.status === 410) return { is: "nothing" };
    return { is: isPassing(response.status) ? "unknown" : "unreadable" };
  } catch {
    return { is: "unknown" };
  } finally {
    watch.stop();
  }
}

/**
 * The same without the file's bytes, where the origin does not give them: it says that there is a file, and a GET is
 * answered 404 (IIS, for an extension without a MIME type: 404.3), or 403 (a folder that may only be written to). A
 * file of exactly the upload's length that was written since the first attempt began is taken for the upload, and sent
 * again: its bytes are certain then, and what is lost if it was another's is no more than an upload of the same name.
 *
 * @param since when that attempt began, milliseconds since 1970
 */
export async function judgeUnread(errand: Errand, since: number): Promise<Found> {
  const { request, network, length } = errand;
  const file = await describe(request.url, network, credentialsOf(request));
  if (file === null) return { is: "unreadable" };
  const isNew = file.ageMs === null || file.ageMs <= Date.now() - since + CLOCK_GRAIN_MS;
  if (isNew && file.length === length) return { is: "replaceable", condition: conditionOf(file) };
  // A new one that is shorter may be a beginning of ours. It may be a small file of somebody else's, too.
  return { is: isNew && file.length < length ? "unreadable" : "other" };
}

const READ_BYTES = 64 * 1024;
/** Times in HTTP are whole seconds. */
const CLOCK_GRAIN_MS = 2000;

async function compare(response: Response, entity: Pieces, watch: SilenceWatch): Promise<Found> {
  const reader = response.body?.getReader({ mode: "byob" });
  try {
    for await (const ours of entity) {
      const theirs = await readUpTo(ours.byteLength, reader, watch);
      // Native and quick; that it takes the same time for any difference is of no use here.
      if (!crypto.subtle.timingSafeEqual(theirs, ours.subarray(0, theirs.byteLength))) return { is: "other" };
      if (theirs.byteLength < ours.byteLength) {
        const { headers } = response;
        const condition = conditionOf({ etag: headers.get("ETag"), modified: headers.get("Last-Modified") });
        return { is: "replaceable", condition };
      }
    }
    const rest = await reader?.read(new Uint8Array(1));
    return { is: rest === undefined || rest.done ? "whole" : "other" };
  } finally {
    await reader?.cancel().catch(() => undefined); // it may have ended by itself
  }
}

/** The next `length` bytes, or fewer where the file ends before; whatever comes is a sign of life. */
async function readUpTo(
  length: number,
  reader: ReadableStreamBYOBReader | undefined,
  watch: SilenceWatch,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  if (reader === undefined) return bytes.subarray(0, 0);
  for (let filled = 0; ;) {
    if (filled === length) return bytes;
    const { value, done } = await reader.read(new Uint8Array(Math.min(READ_BYTES, length - filled)));
    if (done) return bytes.subarray(0, filled);
    watch.heard();
    bytes.set(value, filled);
    filled += value.byteLength;
  }
}

/** A weak ETag never matches (RFC 9110 section 13.1.1). */
function conditionOf({ etag, modified }: Pick<Description, "etag" | "modified">): Condition | null {
  if (etag !== null && etag.startsWith('"')) return ["If-Match", etag];
  return modified === null ? null : ["If-Unmodified-Since", modified];
}

/** Only how the edge shows who it is: the rest of a commit's fields is about the upload. */
function credentialsOf(request: CommitRequest): Record<string, string> {
  const headers = sentFields(request);
  const fields = ["Authorization", "User-Agent", "Via"].map((name) => [name, headers.get(name)] as const);
  return Object.fromEntries(fields.filter((field): field is [string, string] => field[1] !== undefined));
}

function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}
