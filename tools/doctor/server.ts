import { randomUUID } from "node:crypto";
import { FAULTS } from "../../src/protocol/faults.ts";
import { HEADER } from "../../src/protocol/headers.ts";
import { bad, doubtful, type Finding, good } from "./finding.ts";
import type { Patient, Spoken } from "./patient.ts";
import { heardInWords, whoAnswers } from "./who-answers.ts";

/**
 * Who is the BITS server? Asked to cancel a session that nobody has, each says 0x8020001F; the edge says it in both
 * spellings of the header (ruling 2), IIS' own extension in the older one.
 */
export async function examineServer(patient: Patient): Promise<Finding> {
  const sessionId = `{${randomUUID().toUpperCase()}}`;
  const heard = await patient.ask({ type: "Cancel-Session", sessionId });
  const says = `a session of nobody's: ${heardInWords(heard)}`;
  if (heard.kind === "silent") {
    return bad(
      "server",
      says,
      "It answers Ping and not this.",
      "Look into the gateway's log at this moment.",
    );
  }
  const { hresult } = heard.answer;
  // A directory that takes no uploads says so before it looks for the session.
  const isRefusal = hresult === FAULTS.uploadsNotEnabled.hresult || hresult === FAULTS.misconfigured.hresult;
  if (hresult === FAULTS.sessionUnknown.hresult || isRefusal) return judge(heard);
  if (hresult === FAULTS.sessionIdMissing.hresult && heard.answer.status === 400) {
    return bad(
      "server",
      says,
      `The header ${HEADER.sessionId} is lost on the way: no upload gets beyond its first packet.`,
      "Have the gateway pass all BITS-* headers of requests on (proxy_set_header, del-header and firewall rules).",
    );
  }
  if (heard.answer.isAck) return good("server", says);
  const means = "Packets with a session are answered by somebody else than Ping is.";
  return bad("server", says, means, "Look for rules of the gateway that tell these requests apart.");
}

function judge(heard: Spoken): Finding {
  const names = new Set(heard.head.headers.map(([name]) => name.toLowerCase()));
  const both = [HEADER.error, HEADER.errorCode].every((name) => names.has(name.toLowerCase()));
  if (both) return good("server", "bits-edge answers");
  if (whoAnswers(heard) === "IIS") {
    return doubtful(
      "server",
      "an IIS answers with its own BITS extension",
      "The edge is not in the way; uploads go straight to that server.",
      "Have the name lead to the edge, if that is what you want.",
    );
  }
  return doubtful(
    "server",
    "a BITS server answers that is not bits-edge, or one of its error headers is lost",
    "Clients that read the other header miss why they were refused.",
    `Have the gateway pass ${HEADER.error} and ${HEADER.errorCode} on.`,
  );
}
