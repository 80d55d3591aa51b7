import { spell } from "../ingress/wire-spelling.ts";
import { FAULTS } from "../protocol/faults.ts";
import { HEADER } from "../protocol/headers.ts";
import { formatSessionId } from "../protocol/session-id.ts";
import { writeAck } from "../protocol/write-ack.ts";
import type { Verdict } from "./verdict.ts";
import type { Visit } from "./visit.ts";

/**
 * Faults after which the connection closes. After `bodyNotAllowed` the body cannot be told from the next request
 * (ruling 7, Content-Length). After `edgeFailed`, the client's new connection is a new invocation of the Worker, with a
 * stub and limits of its own.
 */
const CLOSING = new Set<string>([FAULTS.bodyNotAllowed.fault, FAULTS.edgeFailed.fault]);

/** The Ack as a Response: the session id as the client wrote it (ruling 3, session ids), and never a body. */
export function toAckResponse({ request, type }: Visit, verdict: Verdict): Response {
  const { fault, created } = verdict;
  const { status, headers } = writeAck({
    to: type,
    sessionId: created === undefined ? request.headers.get(HEADER.sessionId) : formatSessionId(created),
    offset: verdict.offset,
    fault,
    replyUrl: verdict.replyUrl ?? null,
    host: verdict.host ?? null,
    challenges: verdict.challenges ?? [],
  });
  if (fault !== null && CLOSING.has(fault.fault)) headers.push([HEADER.connection, "close"]);
  const response = new Response(null, { status });
  // Headers that are given to the constructor cost twice as much.
  for (const [name, value] of headers) response.headers.append(name, value);
  spell(
    response,
    headers.map(([name]) => name),
  );
  return response;
}
