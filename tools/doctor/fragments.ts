import { randomBytes } from "node:crypto";
import { FAULTS } from "../../src/protocol/faults.ts";
import { HEADER } from "../../src/protocol/headers.ts";
import { bytesInWords } from "../terminal/in-units.ts";
import { LARGEST_FRAGMENT_BYTES, SMALLEST_FRAGMENT_BYTES } from "../upload/progress.ts";
import { bad, doubtful, type Finding, good } from "./finding.ts";
import type { Heard, Patient } from "./patient.ts";
import { heardInWords, whoAnswers } from "./who-answers.ts";

/** What the Fragments of a trial session have shown. None of them completes it, so nothing is published. */
export interface FragmentTrial {
  readonly finding: Finding;
  /** The next byte of the session. */
  readonly offset: number;
  /** What the trial's Fragments said the whole is; more than is ever sent. */
  readonly total: number;
  /** The longest Fragment that passed, 0 where none did. */
  readonly largest: number;
}

/** From the smallest that Windows sends to its largest. */
const LENGTHS = [SMALLEST_FRAGMENT_BYTES, 128 * 1024, 1024 * 1024, 4 * 1024 * 1024, LARGEST_FRAGMENT_BYTES];
/** What a trial says it will be; smaller ones for directories that take no such upload. */
const TOTALS = [200_000_000, 20_000_000, 2_000_000, 100_000];
/** Between what passes and what does not, until the two are so near. */
const NEAR = 1.1;

/** A connection that breaks so often at one length does not break by accident. */
const TRIES = 5;

/** Sends longer and longer Fragments, and finds the longest that passes. */
export async function examineFragments(patient: Patient, sessionId: string): Promise<FragmentTrial> {
  const state = { offset: 0, total: 0, largest: 0 };
  let failure: { readonly length: number; readonly heard: Heard } | null = null;
  const tryLength = async (length: number): Promise<Heard> => {
    const heard = await sendFragment(patient, sessionId, state.offset, length, state.total);
    if (isTaken(heard))
      Object.assign(state, { offset: heard.answer.offset, largest: Math.max(state.largest, length) });
    return heard;
  };
  const first = await firstFragment(patient, sessionId);
  state.total = first.total;
  if (isTaken(first.heard))
    Object.assign(state, { offset: first.heard.answer.offset, largest: SMALLEST_FRAGMENT_BYTES });
  else failure = { length: SMALLEST_FRAGMENT_BYTES, heard: first.heard };
  const lengths = LENGTHS.slice(1);
  while (failure === null) {
    const length = lengths.shift();
    if (length === undefined || state.offset + length >= state.total) break;
    const heard = await tryLength(length);
    if (!isTaken(heard)) failure = { length, heard };
  }
  while (failure !== null && state.largest > 0 && failure.length > state.largest * NEAR) {
    const length = Math.round((failure.length + state.largest) / 2);
    if (state.offset + length >= state.total) break;
    const heard = await tryLength(length);
    if (!isTaken(heard)) failure = { length, heard };
  }
  return { ...state, finding: judge(state.largest, failure) };
}

/** The first Fragment says how large the whole is: an announcement that is too large is made smaller. */
async function firstFragment(patient: Patient, sessionId: string): Promise<{ heard: Heard; total: number }> {
  let last: { heard: Heard; total: number } | null = null;
  for (const total of TOTALS) {
    last = { heard: await sendFragment(patient, sessionId, 0, SMALLEST_FRAGMENT_BYTES, total), total };
    const { heard } = last;
    if (heard.kind === "silent" || heard.answer.hresult !== FAULTS.uploadTooLarge.hresult) break;
  }
  if (last === null) throw new Error("there is a total to try");
  return last;
}

async function sendFragment(
  patient: Patient,
  sessionId: string,
  first: number,
  length: number,
  total: number,
): Promise<Heard> {
  const range = { first, last: first + length - 1, total };
  let heard = await patient.send({ type: "Fragment", sessionId, range }, chunks(length));
  // Who refuses a body early and resets the connection may have said why, and not been heard.
  for (
    let tries = 1;
    tries < TRIES && heard.kind === "silent" && heard.trouble.trouble === "lost";
    tries += 1
  ) {
    heard = await patient.send({ type: "Fragment", sessionId, range }, chunks(length));
  }
  return heard;
}

/** Random, so that nothing on the way can make it smaller. */
async function* chunks(length: number): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0;) {
    const chunk = randomBytes(Math.min(left, 256 * 1024));
    left -= chunk.length;
    yield chunk;
  }
}

type Taken = Heard & { kind: "spoken"; answer: { offset: number } };

function isTaken(heard: Heard): heard is Taken {
  return (
    heard.kind === "spoken" &&
    heard.answer.isAck &&
    heard.answer.status === 200 &&
    heard.answer.offset !== null
  );
}

function judge(largest: number, failure: { length: number; heard: Heard } | null): Finding {
  if (failure === null) return good("fragments", `pass up to ${bytesInWords(largest)}`);
  const { length, heard } = failure;
  const says = `${largest === 0 ? "none passes" : `pass up to ${bytesInWords(largest)}`}; ${bytesInWords(length)}: ${heardInWords(heard)}`;
  const who = heard.kind === "spoken" ? (whoAnswers(heard) ?? "a gateway") : "something on the way";
  if (heard.kind === "spoken" && heard.answer.isAck && heard.answer.status === 200) return headerLost();
  if (
    heard.kind === "spoken" &&
    heard.answer.hresult === FAULTS.contentRangeInvalid.hresult &&
    heard.answer.status === 400
  ) {
    return bad(
      "fragments",
      says,
      `${HEADER.contentRange} was lost on the way, or Content-Length was: the body came in chunks.`,
      `Have the gateway pass ${HEADER.contentRange} on, and the body with its length (HTTP/1.1 to the edge, no re-framing).`,
    );
  }
  if (heard.kind === "spoken" && heard.answer.status === 413) {
    const advice = `Raise ${heard.answer.isAck ? "MAXIMUM_FRAGMENT_BYTES of the edge" : `the limit of ${who} (client_max_body_size 0 in nginx)`}: Windows' largest Fragment is 13 MB.`;
    if (largest >= SMALLEST_FRAGMENT_BYTES) {
      return doubtful(
        "fragments",
        says,
        "Clients send smaller Fragments after this, and each upload takes longer.",
        advice,
      );
    }
    return bad("fragments", says, "Clients send nothing under 5 KiB, and give up.", advice);
  }
  if (heard.kind === "spoken" && heard.answer.hresult === FAULTS.storageFull.hresult) {
    return bad(
      "fragments",
      says,
      "Clients wait, come again after their retry delay, and go on where they were.",
      "Make room on the disk of the edge's state folder, or cancel uploads that nobody wants on the operator's page.",
    );
  }
  const means =
    "A client whose Fragments have grown so long gives up or tries again for ever: only 413 has it send smaller ones.";
  return bad("fragments", says, means, `Look at the limits of ${who}, and into its log at this moment.`);
}

function headerLost(): Finding {
  return bad(
    "fragments",
    `the Ack comes without ${HEADER.receivedContentRange}`,
    "Clients do not learn what has arrived; after a break they cannot go on ([MC-BUP] 2.2.7.2).",
    "Have the gateway pass all BITS-* headers of answers on (proxy_hide_header, del-header).",
  );
}
