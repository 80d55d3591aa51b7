import { type ClientRequest, request as plainRequest, type IncomingMessage } from "node:http";
import { request as secureRequest } from "node:https";
import { setImmediate } from "node:timers/promises";
import type { Route } from "./route.ts";
import type { AnswerHead } from "./read-ack.ts";
import { TransportError, transportError } from "./transport-error.ts";

/** One HTTP/1.1 request whose body, if any, comes from a stream of known length. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query, as they go on the request line. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Exactly as many bytes as Content-Length says. */
  readonly body?: AsyncIterable<Uint8Array>;
  /** Told of every part of the body that the system has taken. */
  readonly onSent?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/** How long the silence may be. */
export interface SilenceLimits {
  /** While a request is being sent; Windows has 2 minutes ([MC-BUP] 3.1.2.1). */
  readonly sendMilliseconds: number;
  /** From its last byte to the answer; Windows has 5 minutes ([MC-BUP] 3.1.2.2). */
  readonly receiveMilliseconds: number;
}

export const WINDOWS_SILENCE: SilenceLimits = { sendMilliseconds: 120_000, receiveMilliseconds: 300_000 };

/** An Ack has no body, and a gateway's page of error is not read; more than this ends the connection instead. */
const DROPPED_BYTES = 1 << 20;

/**
 * Sends a request and resolves with the answer's head when its body is over too. An answer that comes before the
 * body was sent counts, and ends the sending and the connection.
 *
 * @throws TransportError where no whole answer came; what the body's source throws comes through as it is
 */
export async function exchange(
  route: Route,
  outgoing: OutgoingRequest,
  silence: SilenceLimits = WINDOWS_SILENCE,
): Promise<AnswerHead> {
  const { request, answered } = open(route, outgoing, silence);
  try {
    await sendBody(request, outgoing, answered);
    request.setTimeout(silence.receiveMilliseconds);
    const response = await answered;
    await dropBody(response, request);
    return headOf(response);
  } catch (error) {
    request.destroy();
    outgoing.signal?.throwIfAborted();
    throw error instanceof BodyFailed ? error.cause : transportError(error);
  }
}

/**
 * Sends a request that is text at most, and gives the answer while its body is still to come.
 *
 * @throws TransportError where no head of an answer came
 */
export async function fetchStream(
  route: Route,
  outgoing: Omit<OutgoingRequest, "body" | "onSent"> & { readonly text?: string },
  silence: SilenceLimits = WINDOWS_SILENCE,
): Promise<{ readonly head: AnswerHead; readonly body: IncomingMessage }> {
  const { request, answered } = open(route, outgoing, silence);
  try {
    request.end(outgoing.text ?? "");
    const body = await answered;
    return { head: headOf(body), body };
  } catch (error) {
    request.destroy();
    outgoing.signal?.throwIfAborted();
    throw transportError(error);
  }
}

/** What the body's source threw, kept apart from the connection's errors. */
class BodyFailed extends Error {}

function open(
  route: Route,
  { method, target, headers, signal }: OutgoingRequest,
  silence: SilenceLimits,
): { request: ClientRequest; answered: Promise<IncomingMessage> } {
  const send = route.isSecure ? secureRequest : plainRequest;
  const request = send({
    host: route.hostname,
    port: route.port,
    method,
    path: target,
    // As a flat list they keep their order and their spelling.
    headers: [["Host", route.host], ...headers].flat(),
    setHost: false,
    agent: route.agent,
    ...route.tls,
    ...(signal === undefined ? {} : { signal }),
  });
  request.setTimeout(silence.sendMilliseconds, () => {
    request.destroy(new TransportError("timeout", "ETIMEDOUT", "no answer in time"));
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.on("response", resolve);
    // After the answer an error of sending means nothing any more.
    request.on("error", reject);
    request.on("close", () => reject(new TransportError("lost", "ECONNRESET", "the connection broke")));
  });
  answered.catch(() => {});
  return { request, answered };
}

/** Ends early when an answer is there, or the connection is gone. */
async function sendBody(
  request: ClientRequest,
  { body, onSent }: OutgoingRequest,
  answered: Promise<IncomingMessage>,
): Promise<void> {
  if (body === undefined) {
    request.end();
    return;
  }
  let isOver = false;
  const over = answered.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  const parts = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const part = await parts.next().catch((cause: unknown) => {
        throw new BodyFailed("the body's source failed", { cause });
      });
      if (part.done === true) break;
      await untilRead();
      if (isOver) return;
      const taken = new Promise<void>((resolve) => {
        // A write that fails is told by the request's own error, or by the answer that came instead.
        request.write(part.value, () => resolve());
      });
      await Promise.race([taken, over]);
      onSent?.(part.value.length);
    }
  } finally {
    await parts.return?.();
  }
  request.end();
}

/**
 * Resolves when the event loop has looked for what can be read. A server that refuses a body early may reset the
 * connection right after its answer; Node drops an answer that it has not read when the next write fails. The first
 * immediate may run in the turn of the last write, the second has the loop's poll before it.
 */
async function untilRead(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

/**
 * The connection is used again only where request and answer are both at their end. The head has said everything: an
 * Ack has no body, and a page that breaks off was nobody's to read.
 */
async function dropBody(response: IncomingMessage, request: ClientRequest): Promise<void> {
  let dropped = 0;
  try {
    for await (const chunk of response) {
      dropped += (chunk as Uint8Array).length;
      if (dropped > DROPPED_BYTES) break;
    }
  } catch {
    dropped = Number.POSITIVE_INFINITY;
  }
  if (!request.writableEnded || dropped > DROPPED_BYTES) request.destroy();
}

function headOf({ statusCode, rawHeaders }: IncomingMessage): AnswerHead {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  }
  return { status: statusCode ?? 0, headers };
}
