import { randomBytes } from "node:crypto";
import { answerInWords } from "../bits-client/in-words.ts";
import { durationInWords } from "../terminal/in-units.ts";
import { bad, type Finding, good } from "./finding.ts";
import type { Heard, Patient } from "./patient.ts";
import { heardInWords } from "./who-answers.ts";

const SIZE = 1024 * 1024;
const FRAGMENT_BYTES = 128 * 1024;

/**
 * A whole upload of 1 MiB, which the origin gets: asked for by --upload. Its Close-Session takes as long as the origin
 * does, so it also shows who on the way is less patient than that.
 */
export async function examineWholeUpload(patient: Patient, closeSeconds: number): Promise<Finding> {
  const created = await patient.ask({ type: "Create-Session" });
  if (created.kind === "silent" || created.answer.sessionId === null)
    return failed("Create-Session", created);
  const { sessionId } = created.answer;
  const bytes = randomBytes(SIZE);
  for (let first = 0; first < SIZE; first += FRAGMENT_BYTES) {
    const range = { first, last: first + FRAGMENT_BYTES - 1, total: SIZE };
    const packet = { type: "Fragment", sessionId, range } as const;
    const heard = await patient.send(packet, once(bytes.subarray(first, first + FRAGMENT_BYTES)));
    if (heard.kind === "silent" || heard.answer.status !== 200) return failed("a Fragment", heard);
  }
  const silence = { sendMilliseconds: closeSeconds * 1000, receiveMilliseconds: closeSeconds * 1000 };
  const closed = await patient.ask({ type: "Close-Session", sessionId }, patient.verb, silence);
  return judgeClose(closed, patient.settings.url, closeSeconds);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function failed(packet: string, heard: Heard): Finding {
  const advice = "Look into the logs of gateway and edge at this moment.";
  return bad("upload", `${packet}: ${heardInWords(heard)}`, "No upload to this URL is finished.", advice);
}

function judgeClose(heard: Heard, url: URL, closeSeconds: number): Finding {
  const time = durationInWords(heard.milliseconds / 1000);
  const says = `Close-Session, after ${time}: ${heardInWords(heard)}`;
  if (heard.kind === "spoken" && heard.answer.isAck) {
    if (heard.answer.status === 200)
      return good("upload", `1 MiB is at ${url.pathname}, Close-Session took ${time}`);
    const isApplication = heard.answer.context === 0x7;
    const means = isApplication
      ? "The edge has handed the upload over, and the application behind it refused it or did not answer."
      : "The edge refused it before the application was asked.";
    return bad(
      "upload",
      says,
      means,
      `Its words: ${answerInWords(heard.answer)}. The edge's log has "commit-ended".`,
    );
  }
  if (heard.kind === "silent" && heard.milliseconds >= closeSeconds * 1000) {
    const means =
      "Windows waits for 300 s, and tries again. The edge itself answers after origin_timeout_seconds.";
    return bad("upload", says, means, "Look whether the edge is alive, and what its log says of the commit.");
  }
  return bad(
    "upload",
    says,
    `Something between waits for ${time} at most, and the origin needs longer: clients hear of failure, and ask again and again.`,
    "Have every gateway wait for 290 s: proxy_read_timeout in nginx, timeout server in HAProxy.",
  );
}
