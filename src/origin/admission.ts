import type { Config, UploadDirectory } from "../config/config.ts";
import { type Fault, FAULTS } from "../protocol/faults.ts";
import { dropConnectionBound, splitChallenges } from "../http1/connection-bound-auth.ts";
import { formatVia } from "../http1/via.ts";
import { HEADER } from "../protocol/headers.ts";
import { reflect, type Silence } from "../protocol/reflect.ts";
import { log } from "../runtime/log.ts";
import { ask } from "./ask.ts";
import { NO_CONTENT } from "./bits-exchange.ts";
import { BitsLine } from "./bits-line.ts";
import { LineBroken } from "./bits-way.ts";
import { pingFields } from "./bits-packets.ts";
import { networkFor } from "../runtime/network.ts";

/** A Create-Session must not wait longer: its client waits for five minutes, and a person may for it. */
const PATIENCE_MS = 15_000;
/** How the client shows who it is; passed to the origin when the origin decides. */
const CREDENTIALS = ["Authorization", "Cookie"];

/** What the origin says to a new session. */
export type Admission =
  | { readonly isAdmitted: true }
  | { readonly isAdmitted: false; readonly fault: Fault; readonly challenges: readonly string[] };

/** A session that a client wants to create. */
export interface Applicant {
  /** Path and query of the destination URL. */
  readonly destination: string;
  readonly originalUrl: string;
  /** Of the Create-Session. */
  readonly headers: Headers;
  readonly clientAddress: string | null;
}

const ADMITTED: Admission = { isAdmitted: true };

/**
 * Asks the origin, as far as the directory wants it asked, whether this client may upload, and whether a
 * file that may not be replaced is at the destination already: told before the bytes travel (ruling 13, not enabled,
 * exists, no right).
 * Where both answers are the destination's, it is asked once.
 */
export async function admit(
  applicant: Applicant,
  directory: UploadDirectory,
  config: Config,
): Promise<Admission> {
  const destinationUrl = config.originUrl + applicant.destination;
  const mayNotExist = directory.notification === "none" && !directory.allowOverwrites;
  if (directory.authorize === "none") {
    return mayNotExist && (await exists(destinationUrl, config))
      ? refusal(FAULTS.destinationExists)
      : ADMITTED;
  }
  const asksElsewhere = directory.authorizeUrl !== null;
  const url = asksElsewhere ? new URL(directory.authorizeUrl, destinationUrl).href : destinationUrl;
  const asksByPing = directory.handover === "bits" && !asksElsewhere;
  const response = await (asksByPing ? ping : head)(url, fieldsOf(applicant), config);
  if (typeof response === "string")
    return refusal(reflect({ kind: "silent", why: response, mayHaveArrived: true }));
  // A destination that is not there yet is what most uploads are for; a page that decides must exist.
  const isOfDestination = !asksElsewhere && !asksByPing;
  const admission = isOfDestination && response.status === 404 ? ADMITTED : judge(response);
  if (!admission.isAdmitted || !mayNotExist) return admission;
  const isTaken = isOfDestination ? response.ok : await exists(destinationUrl, config);
  return isTaken ? refusal(FAULTS.destinationExists) : ADMITTED;
}

function judge(response: Response): Admission {
  if (response.ok) return ADMITTED;
  const { status, headers } = response;
  if (status === 401) {
    // The client answers the challenge by sending the packet again, with credentials ([MC-BUP] 3.1.5.1.7).
    const challenges = splitChallenges(headers.get(HEADER.wwwAuthenticate) ?? "");
    return refusal({ fault: "unauthorized", status: 401, hresult: null, context: 0x7 }, challenges);
  }
  if (status === 403) return refusal(FAULTS.accessDenied);
  return refusal(reflect({ kind: "refused", status, hresult: null }));
}

function refusal(fault: Fault | null, challenges: readonly string[] = []): Admission {
  return { isAdmitted: false, fault: fault ?? FAULTS.edgeFailed, challenges };
}

/** What the question says of the client. */
function fieldsOf({ headers, originalUrl, clientAddress }: Applicant): Headers {
  const fields = new Headers({
    [HEADER.originalRequestUrl]: originalUrl,
    Via: formatVia(headers.get("Via")),
  });
  for (const name of CREDENTIALS) {
    const value = headers.get(name);
    if (value !== null) fields.set(name, value);
  }
  if (clientAddress !== null) fields.set("X-Forwarded-For", clientAddress);
  return fields;
}

/** Whether a file is there; not where the origin does not say, since uploads are taken while it is down. */
async function exists(url: string, config: Config): Promise<boolean> {
  const fields = new Headers({ Via: formatVia(null) });
  if (config.originAuthorization !== null) fields.set("Authorization", config.originAuthorization);
  const response = await head(url, fields, config);
  return typeof response !== "string" && response.ok;
}

/**
 * The answer to a HEAD, or why there is none. Whatever authenticates a connection is taken out on both ways: the
 * connection is not the client's alone (ruling 28, identity is never shared).
 */
async function head(url: string, headers: Headers, config: Config): Promise<Response | Silence> {
  logRemoved("request", url, dropConnectionBound(headers));
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await ask(networkFor(url, config), url, { method: "HEAD", headers, signal });
    const answer = new Response(null, response);
    logRemoved("response", url, dropConnectionBound(answer.headers));
    return answer;
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    return isLate ? "timedOut" : "connectionLost";
  }
}

/** The same of a BITS Ping: whoever may not upload is stopped by the origin's BITS server as at any packet. */
async function ping(url: string, headers: Headers, config: Config): Promise<Response | Silence> {
  logRemoved("request", url, dropConnectionBound(headers));
  const line = new BitsLine(networkFor(url, config), PATIENCE_MS / 1000);
  try {
    const fields = new Map([...headers, ...pingFields()]);
    const ack = await line.exchange({ url, headers: fields, ...NO_CONTENT });
    const answer = new Response(null, ack);
    logRemoved("response", url, dropConnectionBound(answer.headers));
    return answer;
  } catch (error) {
    return error instanceof LineBroken ? error.why : "connectionLost";
  } finally {
    line.close();
  }
}

function logRemoved(direction: "request" | "response", url: string, fields: readonly string[]): void {
  if (fields.length === 0) return;
  log("connection-auth-removed", { direction, path: new URL(url).pathname, fields: fields.join(", ") });
}
