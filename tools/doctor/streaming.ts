import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { closeRoute } from "../bits-client/route.ts";
import { bytesInWords } from "../terminal/in-units.ts";
import { doubtful, type Finding, good, none } from "./finding.ts";
import type { FragmentTrial } from "./fragments.ts";
import type { Patient } from "./patient.ts";

const MEBIBYTE = 1024 * 1024;
/** The edge stores whole pieces of 1 MiB: a Fragment is held in the middle when three of them have left. */
const SENT_BYTES = 3 * MEBIBYTE;
const LENGTH = 4 * MEBIBYTE;
/** From their leaving to their arrival; a gateway that waits for the end would wait for ever. */
const PATIENCE_MILLISECONDS = 10_000;
/** For their leaving, over a slow line. */
const LEAVING_MILLISECONDS = 60_000;

/**
 * Whether a Fragment reaches the server while it is still being sent. Its bytes stop in the middle; a second connection
 * asks what is stored, by a Fragment that leaves a gap: 416 says it and changes nothing.
 */
export async function examineStreaming(
  patient: Patient,
  sessionId: string,
  { offset, total, largest }: FragmentTrial,
): Promise<Finding> {
  if (largest < LENGTH || offset + LENGTH >= total)
    return none("streaming", "no Fragment of 4 MiB passes to look by");
  const held = new AbortController();
  const route = patient.anotherRoute();
  const range = { first: offset, last: offset + LENGTH - 1, total };
  const state: Sending = { leftAt: null };
  const sending = patient
    .send(
      { type: "Fragment", sessionId, range },
      half(held.signal, () => (state.leftAt = performance.now())),
      held.signal,
      route,
    )
    .catch(() => null);
  try {
    const stored = await untilStored(patient, sessionId, { offset, total }, state);
    if (stored > offset)
      return good(
        "streaming",
        `a Fragment arrives while it is sent (${bytesInWords(stored - offset)} of it)`,
      );
    if (state.leftAt === null) return none("streaming", "the line is too slow to look by");
    return doubtful(
      "streaming",
      `3 MiB of a Fragment had left, and after ${PATIENCE_MILLISECONDS / 1000} s none had arrived: something holds it back`,
      "A gateway keeps each Fragment until it is whole: a broken connection costs up to 13 MB, and the gateway its disk.",
      "Switch buffering of requests off: proxy_request_buffering off and proxy_http_version 1.1 in nginx.",
    );
  } finally {
    held.abort();
    await sending;
    closeRoute(route);
  }
}

/** The first three MiB, and then nothing until it is called off. */
async function* half(signal: AbortSignal, left: () => void): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < SENT_BYTES; sent += 256 * 1024) yield randomBytes(256 * 1024);
  left();
  await pause(600_000, undefined, { signal });
}

/** When the held bytes had left this machine; null as long as they have not. */
interface Sending {
  leftAt: number | null;
}

async function untilStored(
  patient: Patient,
  sessionId: string,
  { offset, total }: { readonly offset: number; readonly total: number },
  sending: Sending,
): Promise<number> {
  const startedAt = performance.now();
  const range = { first: total - 1, last: total - 1, total };
  for (;;) {
    const deadline =
      sending.leftAt === null ? startedAt + LEAVING_MILLISECONDS : sending.leftAt + PATIENCE_MILLISECONDS;
    const heard = await patient.send({ type: "Fragment", sessionId, range }, oneByte());
    const stored =
      heard.kind === "spoken" && heard.answer.status === 416 ? (heard.answer.offset ?? offset) : offset;
    if (stored > offset || performance.now() > deadline) return stored;
    await pause(100, undefined, { signal: patient.settings.signal });
  }
}

async function* oneByte(): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(0);
}
