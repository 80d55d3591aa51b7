import { answerInWords } from "../bits-client/in-words.ts";
import type { ClientPacket } from "../bits-client/packet-head.ts";
import type { Answer } from "../bits-client/read-ack.ts";
import type { Ending } from "../terminal/cli-error.ts";
import type { Why } from "./hear.ts";

/** The schemes that this client speaks. */
const SCHEMES = new Set(["basic", "bearer"]);

/** Why an upload waits or has ended, in a sentence that says what to do where something can be done. */
export function troubleInWords(why: Why, packet: ClientPacket, answer: Answer): string {
  const said = `${packet.type} was answered ${answerInWords(answer)}`;
  if (why === "unauthorized") return `${said}. ${credentialAdvice(answer)}`;
  if (why === "answered") return `${said}${verbAdvice(answer)}`;
  return `${said}. ${MEANINGS[why]}`;
}

const MEANINGS: { readonly [why in Exclude<Why, "answered" | "unauthorized">]: string } = {
  "not a BITS server":
    "What answers there is no BITS server; is the URL right? bits-edge doctor looks closer.",
  "broken answer":
    "That breaks the protocol; a header may be lost on the way. bits-edge doctor looks closer.",
  "session lost": "The server does not know the session any more; the upload begins again.",
  "outcome unknown":
    "Close-Session had been sent, its answer was lost, and the server knows nothing of the session now: it may have the " +
    "whole file. Look at the destination; --fresh uploads it again.",
  "no reply":
    "A reply was asked for, and the server offers none: the directory has no application that replies.",
  "no fragment passes": "Not even 5 KiB at a time are let through; bits-edge doctor says by whom.",
};

function credentialAdvice({ schemes }: Answer): string {
  if (schemes.length > 0 && !schemes.some((scheme) => SCHEMES.has(scheme))) {
    return `It wants ${schemes.join(" or ")}; this client speaks Basic and Bearer.`;
  }
  return "Give credentials with --user or --bearer, or look whether those that were given are right.";
}

function verbAdvice({ isAck, status }: Answer): string {
  if (isAck || (status !== 501 && status !== 405)) return "";
  return ". The verb does not get through; bits-edge doctor looks closer.";
}

/** Which exit code the end of an upload has. */
export function endingOf(why: Why): Ending {
  if (why === "unauthorized") return "unauthorized";
  return why === "outcome unknown" ? "unknown" : "refused";
}
