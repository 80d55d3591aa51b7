import { FAULTS } from "../../src/protocol/faults.ts";
import { BITS_UPLOAD_PROTOCOL, HEADER } from "../../src/protocol/headers.ts";
import { answerInWords } from "../bits-client/in-words.ts";
import type { Answer } from "../bits-client/read-ack.ts";
import { printable } from "../terminal/in-units.ts";
import { bad, doubtful, type Finding, good } from "./finding.ts";
import type { Patient } from "./patient.ts";
import { heardInWords } from "./who-answers.ts";

/** A trial session, and what was found while it was created. */
export interface Trial {
  readonly finding: Finding;
  /** Null where there is none. */
  readonly sessionId: string | null;
}

/** Creates a session, which publishes nothing and costs the server a signature. */
export async function createTrial(patient: Patient): Promise<Trial> {
  const heard = await patient.ask({ type: "Create-Session" });
  const says = `Create-Session: ${heardInWords(heard)}`;
  if (heard.kind === "silent" || !heard.answer.isAck) {
    const means = "It answers Ping and not this.";
    return failed(says, means, "Look into the gateway's log at this moment.");
  }
  const { answer } = heard;
  if (answer.status !== 200 && answer.status !== 201) {
    const [means, advice] = refusal(answer);
    return failed(says, means, advice);
  }
  const lost = [
    answer.sessionId === null ? HEADER.sessionId : null,
    answer.protocol === BITS_UPLOAD_PROTOCOL ? null : HEADER.protocol,
  ].filter((name) => name !== null);
  if (lost.length > 0) {
    return failed(
      `the Ack of Create-Session comes without ${lost.join(" and ")}`,
      "Clients throw such an answer away, and no upload begins ([MC-BUP] 2.2.3.2).",
      "Have the gateway pass all BITS-* headers of answers on (proxy_hide_header, del-header).",
    );
  }
  const host = answer.hostId === null ? "" : `; later packets are to go to ${printable(answer.hostId)}`;
  return { finding: good("session", `Create-Session is taken${host}`), sessionId: answer.sessionId };
}

/** Ends it. */
export async function cancelTrial(patient: Patient, sessionId: string): Promise<Finding> {
  const heard = await patient.ask({ type: "Cancel-Session", sessionId });
  if (heard.kind === "spoken" && heard.answer.isAck && heard.answer.status === 200) {
    return good("cancel", "the trial session is cancelled, nothing was published");
  }
  const says = `Cancel-Session: ${heardInWords(heard)}`;
  const means = "Uploads that users give up stay at the server until their session's time is over.";
  return doubtful("cancel", says, means, "Look into the log of the edge: it has a line for this packet.");
}

function failed(says: string, means: string, advice: string): Trial {
  return { finding: bad("session", says, means, advice), sessionId: null };
}

/** An Ack that refuses → what it means here, and what to do. */
function refusal(answer: Answer): readonly [means: string, advice: string] {
  const found = REFUSALS.find(
    ([status, hresult]) => status === answer.status && (hresult ?? answer.hresult) === answer.hresult,
  );
  if (found !== undefined) return [found[2], found[3]];
  return ["No upload to this URL begins.", `The server's own words are: ${answerInWords(answer)}.`];
}

// prettier-ignore
const REFUSALS: readonly (readonly [status: number, hresult: number | null, means: string, advice: string])[] = [
  [400, FAULTS.protocolsMissing.hresult,
    `The packet was malformed when it arrived: ${HEADER.supportedProtocols} was lost on the way; or the URL names a folder.`,
    "Have the gateway pass all BITS-* headers of requests on, and try the URL of a file."],
  [401, null,
    "The origin wants credentials before it lets anybody upload.",
    "Give them by --user or --bearer. Windows clients need them too: SetCredentials, bitsadmin /setcredentials."],
  [403, FAULTS.accessDenied.hresult,
    "A file is at this URL already and allow_overwrites is off; or this address, or these credentials, may not upload there.",
    "Try another name; then look at allow_overwrites, allow_from and authorize of the directory."],
  [500, FAULTS.misconfigured.hresult,
    "The edge cannot read its configuration: every client gets this.",
    "The edge's log has the sentence: look for \"misconfigured\"."],
  [501, FAULTS.uploadsNotEnabled.hresult,
    "The edge takes no uploads at this path: no directory of its configuration fits, or it is not enabled.",
    "Compare the URL's path with UPLOAD_DIRECTORIES, and look at enabled."],
  [503, null,
    "Too many sessions of this address, too many new ones a minute, or the edge itself failed. Clients try again.",
    "Look for \"tooManySessions\" or \"failed\" in the edge's log, at maximum_sessions_per_client and CREATE_SESSION_LIMIT."],
];
