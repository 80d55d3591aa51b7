import type { Config, UploadDirectory } from "../config/config.ts";
import { type Fault, FAULTS } from "../protocol/faults.ts";
import { HEADER } from "../protocol/headers.ts";
import { reflect, type Silence } from "../protocol/reflect.ts";

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
 * file that may not be replaced is at the destination already: told before the bytes travel (ruling 13).
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
  const response = await ask(url, credentialsOf(applicant));
  if (typeof response === "string")
    return refusal(reflect({ kind: "silent", why: response, mayHaveArrived: true }));
  // A destination that is not there yet is what most uploads are for; a page that decides must exist.
  const admission = !asksElsewhere && response.status === 404 ? ADMITTED : judge(response);
  if (!admission.isAdmitted || !mayNotExist) return admission;
  const isTaken = asksElsewhere ? await exists(destinationUrl, config) : response.ok;
  return isTaken ? refusal(FAULTS.destinationExists) : ADMITTED;
}

function judge(response: Response): Admission {
  if (response.ok) return ADMITTED;
  const { status, headers } = response;
  if (status === 401) {
    // The client answers the challenge by sending the packet again, with credentials ([MC-BUP] 3.1.5.1.7).
    const challenge = headers.get(HEADER.wwwAuthenticate);
    return refusal({ fault: "unauthorized", status: 401, hresult: null, context: 0x7 }, challenge);
  }
  if (status === 403) return refusal(FAULTS.accessDenied);
  return refusal(reflect({ kind: "refused", status, hresult: null }));
}

function refusal(fault: Fault | null, challenge: string | null = null): Admission {
  return {
    isAdmitted: false,
    fault: fault ?? FAULTS.edgeFailed,
    challenges: challenge === null ? [] : [challenge],
  };
}

function credentialsOf({ headers, originalUrl, clientAddress }: Applicant): [string, string][] {
  const credentials = CREDENTIALS.flatMap((name): [string, string][] => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  const address: [string, string][] = clientAddress === null ? [] : [["X-Forwarded-For", clientAddress]];
  return [...credentials, ...address, [HEADER.originalRequestUrl, originalUrl]];
}

/** Whether a file is there; not where the origin does not say, since uploads are taken while it is down. */
async function exists(url: string, { originAuthorization }: Config): Promise<boolean> {
  const response = await ask(
    url,
    originAuthorization === null ? [] : [["Authorization", originAuthorization]],
  );
  return typeof response !== "string" && response.ok;
}

/** The answer to a HEAD, or why there is none. */
async function ask(url: string, headers: [string, string][]): Promise<Response | Silence> {
  try {
    return await fetch(url, {
      method: "HEAD",
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    return isLate ? "timedOut" : "connectionLost";
  }
}
