import type { Config } from "../config/config.ts";
import type { Env } from "../env.ts";
import type { SessionId } from "../protocol/session-id.ts";
import { objectOf } from "../runtime/placement.ts";
import { objectNameOf } from "../signed/session-place.ts";
import type { UploadSession } from "../session/upload-session.ts";

/**
 * The middleware's end of the calls to one session's object, in which other sessions may live too. Calls on one stub arrive
 * in order, but not in a cluster of edges.
 */
export type SessionStub = DurableObjectStub<UploadSession>;

/**
 * The way to a session's object, and the only place that knows which object that is.
 *
 * A stub that has seen a call reject is dead: ask for a fresh one for the next call.
 */
export function sessionStub(
  { UPLOAD_SESSIONS }: Pick<Env, "UPLOAD_SESSIONS">,
  { placement }: Config,
  sessionId: SessionId,
): SessionStub {
  return objectOf(UPLOAD_SESSIONS, objectNameOf(sessionId), placement);
}
