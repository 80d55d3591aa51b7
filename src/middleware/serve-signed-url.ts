import type { CanonicalTarget } from "../config/canonical-path.ts";
import { type Config, directoryOf } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { SessionId } from "../protocol/session-id.ts";
import { COME_AGAIN } from "../runtime/come-again.ts";
import { log } from "../runtime/log.ts";
import { parseSignedUrl, type SignedUrl } from "../signed/signed-url.ts";
import { PIECE_BYTES } from "./piece-memory.ts";
import { serveEntity } from "./serve-entity.ts";
import { type SessionStub, sessionStub } from "./session-stub.ts";

const METHODS: { readonly [kind in SignedUrl["kind"]]: readonly string[] } = {
  entity: ["GET", "HEAD"],
  reply: ["GET", "HEAD"],
  "new-reply": ["PUT"],
};

/**
 * Serves the signed URLs: a client fetches its reply, an application that is notified by reference fetches the entity and
 * leaves its reply ([MC-BUP] 3.5.5 and 2.2.12; ruling 24, notification headers; ruling 25, reply URL).
 *
 * @param target null if it could be read in two ways: the edge makes no such URL
 * @returns null for any other path: the next handler answers it
 */
export async function serveSignedUrl(
  request: Request,
  target: CanonicalTarget | null,
  config: Config,
  bindings: Pick<Env, "UPLOAD_SESSIONS">,
): Promise<Response | null> {
  const directory = target === null ? null : directoryOf(config, target.path);
  if (target === null || directory === null) return null;
  // In these directories the origin's own BITS server has the data. It may be another edge, whose URLs have the same form.
  if (directory.handover === "bits") return null;
  const signed = await parseSignedUrl(request.method, target.path, directory, config, Date.now());
  if (signed === null) return null;
  const { kind, sessionId, isValid } = signed;
  // A caller without a valid URL must not learn whether the session exists.
  if (!isValid) return new Response(null, { status: 403 });
  if (!METHODS[kind].includes(request.method)) {
    return new Response(null, { status: 405, headers: { Allow: METHODS[kind].join(", ") } });
  }
  try {
    const session = sessionStub(bindings, config, sessionId);
    return await (kind === "new-reply"
      ? takeReply(request, session, sessionId)
      : giveData(request, session, { kind, sessionId }));
  } catch (error) {
    // As a packet's: what broke says nothing of the session, and whoever comes again finds another object.
    log("failed", { during: "signed-url", session: sessionId, error: String(error) });
    return new Response(null, { status: 503, headers: COME_AGAIN });
  }
}

async function giveData(
  request: Request,
  session: SessionStub,
  { kind, sessionId }: Pick<SignedUrl, "kind" | "sessionId">,
): Promise<Response> {
  const found = await session.measure(sessionId, kind);
  if (found === null) return new Response(null, { status: 404 });
  return await serveEntity(request, {
    ...found,
    etag: `"${sessionId}-${found.modifiedAt.toString(16)}"`,
    read: async (start, end) => await session.read(sessionId, kind, start, end),
  });
}

/** Takes the application's reply piece by piece; the last whole PUT before the application answers is the reply. */
async function takeReply(request: Request, session: SessionStub, sessionId: SessionId): Promise<Response> {
  const announced = request.headers.get("Content-Length");
  const length = await storeReply(request.body, session, sessionId);
  // No notification runs that waits for this reply, or another PUT came in between.
  if (length === "refused") return new Response(null, { status: 409 });
  if (length === "too-large") return new Response(null, { status: 413 });
  if (length !== "broken" && (announced === null || Number(announced) === length)) {
    return new Response(null, { status: 201 });
  }
  await session.appendReply(sessionId, 0, new Uint8Array(0)); // drop a torn reply
  return new Response(null, { status: 400 });
}

/** @returns how many bytes were stored; "broken" if the connection failed */
async function storeReply(
  body: ReadableStream<Uint8Array> | null,
  session: SessionStub,
  sessionId: SessionId,
): Promise<number | "refused" | "too-large" | "broken"> {
  const begun = await session.appendReply(sessionId, 0, new Uint8Array(0));
  if (begun !== "taken") return begun;
  const reader = body?.getReader({ mode: "byob" });
  try {
    for (let length = 0; ;) {
      const read = await reader?.readAtLeast(PIECE_BYTES, new Uint8Array(PIECE_BYTES)).catch(() => null);
      if (read === null) return "broken";
      const bytes = read?.value ?? new Uint8Array(0);
      const answer = bytes.byteLength > 0 ? await session.appendReply(sessionId, length, bytes) : "taken";
      if (answer !== "taken") return answer;
      length += bytes.byteLength;
      if (read === undefined || read.done) return length;
    }
  } finally {
    reader?.releaseLock();
  }
}
