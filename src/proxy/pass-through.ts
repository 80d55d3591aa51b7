import { canonicalTarget } from "../config/canonical-path.ts";
import type { Config } from "../config/config.ts";
import { countPasses } from "../http1/via.ts";
import { isNamed } from "../http1/wire-methods.ts";
import { type Arrival, arrivalOf } from "../ingress/arrival.ts";
import { Deadline } from "../runtime/deadline.ts";
import { log } from "../runtime/log.ts";
import { type Network, networkFor } from "../runtime/network.ts";
import { CalledOff } from "./called-off.ts";
import { fetchBySocket } from "./fetch-by-socket.ts";
import { type Exchange, requestFields, responseFields } from "./forwarded-fields.ts";
import { isDestinationClear } from "./location.ts";
import { carryContent } from "./request-content.ts";
import { withoutLongSilence } from "./response-content.ts";
import { senderOf } from "./sender.ts";

/** An edge may stand before another; nobody sets up so many. */
const MOST_PASSES = 3;
/** As at the TCP door, where the operator says nothing else. */
const BODY_IDLE_SECONDS = 60;
/** As a commit has it (ruling 16, statuses of the application), and under what the gateways of deploy/ wait for. */
const ORIGIN_SILENCE_SECONDS = 270;

/**
 * Everything that is not BITS goes to the origin and back: method, canonical path and query; fields as forwarded-fields.ts
 * says, row by row; bytes as they are, both ways, as a stream. Redirects go back to the client.
 *
 * @returns the origin's response. Without a body and of the edge's own: 400 for a path that could be read in two ways, or
 *   content that broke; 408 for content that stopped; 502 where the origin could not be reached, 504 where it says
 *   nothing; 508 for a request that goes in a circle. 501 and 411 for a verb that the way to the origin cannot say
 */
export async function reverseProxy(request: Request, config: Config): Promise<Response> {
  const arrival = arrivalOf(request);
  const target = canonicalTarget(arrival.target);
  if (target === null) return refuse(400);
  if (countPasses(request.headers.get("Via")) >= MOST_PASSES) return refuse(508);
  const { clientAddress, url } = senderOf(request, arrival, config.trustedProxies);
  const places = { originUrl: new URL(config.originUrl), clientUrl: new URL(url) };
  if (!isDestinationClear(request.headers.get("Destination"), places)) return refuse(400);
  if (hasForbiddenContent(request)) return refuse(400);
  if (isForTheEdge(request)) return new Response(null, { status: 200, headers: { "Content-Length": "0" } });
  const exchange = { ...places, clientAddress, method: arrival.method };
  const over = new AbortController();
  try {
    return await forward(request, arrival, config, {
      ...exchange,
      url: config.originUrl + target.path + target.search,
      over,
    });
  } catch (error) {
    // What `fetch` throws is a copy of the reason, without its class.
    const reason: unknown = over.signal.aborted ? over.signal.reason : error;
    if (reason instanceof CalledOff) return refuse(reason.status);
    log("proxy-failed", {
      door: arrival.door,
      method: arrival.method,
      path: target.path,
      error: String(reason),
    });
    return refuse(502);
  }
}

/** An exchange on its way. */
interface Passage extends Exchange {
  /** Of the origin's resource. */
  readonly url: string;
  /** Calls off the origin's request. */
  readonly over: AbortController;
}

async function forward(
  request: Request,
  arrival: Arrival,
  config: Config,
  passage: Passage,
): Promise<Response> {
  const { url, over } = passage;
  const network = networkFor(url, config);
  if (!isNamed(passage.method)) {
    // `fetch` cannot say the verb, and a socket is sent a counted body only: legacy origins refuse chunks.
    if (network.connection === "fetch") return refuse(501);
    if (request.headers.has("Transfer-Encoding")) return refuse(411);
  }
  const { headers, removed } = requestFields(request.headers, passage);
  logRemoved("request", removed);
  const silence = new Deadline(() => over.abort(new CalledOff("the origin is silent", 504)));
  silence.start(ORIGIN_SILENCE_SECONDS);
  const idleSeconds =
    arrival.door === "http" ? (config.door.bodyIdleTimeoutSeconds ?? BODY_IDLE_SECONDS) : null;
  const content = carryContent(request, idleSeconds, () => silence.start(ORIGIN_SILENCE_SECONDS));
  void callOff(over, content.carried, arrival);
  try {
    const response = await ask(network, request, { ...passage, headers, content: content.stream });
    const answer = responseFields(response.headers, passage);
    logRemoved("response", answer.removed);
    const { status, statusText } = response;
    // The TCP door is told of a client's FIN, and ends what was begun for it.
    const longest = arrival.door === "http" ? config.answerIdleTimeoutSeconds : null;
    const body = longest === null ? response.body : withoutLongSilence(response, longest, over);
    return new Response(body, { status, statusText, headers: answer.headers, encodeBody: "manual" });
  } finally {
    silence.stop();
  }
}

interface Question extends Passage {
  readonly headers: Headers;
  readonly content: ReadableStream<Uint8Array> | null;
}

async function ask(
  network: Network,
  request: Request,
  { url, method, headers, content, over }: Question,
): Promise<Response> {
  const { signal } = over;
  if (!isNamed(method)) {
    const length = Number(request.headers.get("Content-Length"));
    return await fetchBySocket(network, url, { method, headers, content, length, signal });
  }
  return await send(network, url, {
    method,
    headers,
    body: isSafe(request) ? null : content,
    redirect: "manual",
    signal,
    encodeResponseBody: "manual",
  });
}

/** From here on nothing but the signal ends the origin's request before its time: the client broke off, or has left. */
async function callOff(
  over: AbortController,
  carried: Promise<boolean>,
  { whenGone }: Arrival,
): Promise<void> {
  try {
    if (!(await carried)) return;
    await whenGone();
    over.abort(new CalledOff("the client has left", 400));
  } catch (error) {
    over.abort(error);
  }
}

/**
 * A connection that was kept may be closed by the origin at the moment it is used again. Whoever asked to see something
 * only asks once more (RFC 9112 9.3.1); whoever asked to do something is told that nobody knows. Newer runtimes do as much
 * for whatever has no content and is not POST, by themselves (capnproto/capnproto#2785; seen with workerd 1.20261117.1).
 */
async function send(network: Network, url: string, init: RequestInit): Promise<Response> {
  try {
    return await network.fetch(url, init);
  } catch (error) {
    if (!isSafe(init) || init.signal?.aborted === true) throw error;
    return await network.fetch(url, init);
  }
}

/** Content of GET and HEAD has no meaning (RFC 9110 9.3.1), and `fetch` cannot send it; the TCP door refuses it, too. */
function hasForbiddenContent(request: Request): boolean {
  return isSafe(request) && request.body !== null && request.headers.get("Content-Length") !== "0";
}

function isSafe({ method }: { readonly method?: string | undefined }): boolean {
  return method === "GET" || method === "HEAD";
}

/** OPTIONS that may go no further is answered by whom it has reached (RFC 9110 7.6.2). */
function isForTheEdge({ method, headers }: Request): boolean {
  return method === "OPTIONS" && /^0+$/.test(headers.get("Max-Forwards") ?? "");
}

function refuse(status: number): Response {
  return new Response(null, { status });
}

function logRemoved(direction: "request" | "response", fields: readonly string[]): void {
  if (fields.length > 0) log("connection-auth-removed", { direction, fields: fields.join(", ") });
}
