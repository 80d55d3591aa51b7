import { watchForSilence } from "./silence-watch.ts";

/** What is at the destination, against the upload: nothing, the upload, its beginning, or another file. */
export type Found = "nothing" | "whole" | "beginning" | "other";

/**
 * Compares the file at `url` with the upload, byte by byte. It is asked where an earlier attempt may have
 * arrived and a later one finds the destination taken: the file may be our own, and only its bytes
 * can say so. Neither side is ever in memory as a whole.
 *
 * @returns "other" also where the origin does not let the file be read
 */
export async function readBack(
  url: string,
  authorization: string | undefined,
  entity: Iterable<Uint8Array>,
  silenceSeconds: number,
): Promise<Found> {
  const watch = watchForSilence(silenceSeconds);
  try {
    const headers = {
      "Accept-Encoding": "identity",
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    };
    const response = await fetch(url, { headers, redirect: "manual", signal: watch.signal });
    if (response.status !== 200) await response.body?.cancel();
    if (response.status === 404) return "nothing";
    if (response.status !== 200) return "other";
    return await compare(response.body, entity, () => watch.heard());
  } catch {
    return "other";
  } finally {
    watch.stop();
  }
}

async function compare(
  body: ReadableStream<Uint8Array> | null,
  entity: Iterable<Uint8Array>,
  heard: () => void,
): Promise<Found> {
  const reader = body?.getReader({ mode: "byob" });
  try {
    for (const ours of entity) {
      const theirs = await reader?.readAtLeast(ours.byteLength, new Uint8Array(ours.byteLength));
      heard();
      const found = theirs?.value ?? new Uint8Array(0);
      // Native and quick; that it takes the same time for any difference is of no use here.
      if (!crypto.subtle.timingSafeEqual(found, ours.subarray(0, found.byteLength))) return "other";
      if (found.byteLength < ours.byteLength) return "beginning";
    }
    const rest = await reader?.read(new Uint8Array(1));
    return rest === undefined || rest.done ? "whole" : "other";
  } finally {
    await reader?.cancel();
  }
}
