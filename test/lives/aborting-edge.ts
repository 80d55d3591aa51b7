import worker, { SessionIndex as Index, UploadSession as Session } from "../../src/worker.ts";
import { type Config, readConfig } from "../../src/config/config.ts";
import type { Env as EdgeEnv } from "../../src/env.ts";
import { tcpDoor } from "../../src/ingress/tcp.ts";
import { HEADER } from "../../src/protocol/headers.ts";
import { parseSessionId, type SessionId } from "../../src/protocol/session-id.ts";
import type { Answer } from "../../src/protocol/session-answer.ts";
import type { SessionDetails, SessionSummary } from "../../src/session/operator-calls.ts";
import type { DataSize, Piece, ReplyPiece } from "../../src/session/session-calls.ts";
import type { SessionPacket } from "../../src/protocol/session-record.ts";
import { objectNameOf } from "../../src/signed/session-place.ts";
import type { SignedUrlKind } from "../../src/signed/signed-url.ts";

export { SessionCounter, UploadSegment } from "../../src/worker.ts";

/**
 * The edge as it is, but for the lives of its objects. ABORTS says when they end by themselves:
 * "before-packets", whenever a packet comes and none is being answered; "between-pieces", once at each
 * piece of a Fragment but its first; "before-cancelling" and "after-cancelling", once at each Cancel-Session. "questions":
 * what is no packet fails once at each call, and the object lives on. "telling": the index loses what it is told, the first
 * time that a session says that it stands somewhere; "telling-twice": the second time too, and then it does not answer. And `/-/abort/<id>` and `/-/alarm/<id>`, at the HTTP
 * door, end a life or ring an alarm whatever the object is doing.
 */
interface Env extends EdgeEnv {
  readonly UPLOAD_SESSIONS: DurableObjectNamespace<UploadSession>;
  readonly ABORTS?:
    | "before-packets"
    | "between-pieces"
    | "before-cancelling"
    | "after-cancelling"
    | "questions"
    | "telling"
    | "telling-twice";
}

const DEATH = "this life of the object is over";
const COMMAND = /^\/-\/(abort|alarm)\/([^/]+)$/;
/** A reply's URL has the session's id as one of its folders. */
const DATA_FOLDER = /\/BITS-Sessions\/(?:Requests|Replies)\/([^/]+)\//;

// What the edge's one isolate remembers: an object's own memory ends with its life.
/** How many packets an object is answering, by its name. */
const packetsInside = new Map<string, number>();
/** What an object has died of already, and is spared when it comes again. */
const causes = new Set<string>();

/** An object that can be told to die. Of each of its lives the log has a name. */
export class UploadSession extends Session {
  readonly #life = crypto.randomUUID();

  /** A packet comes in, or this object dies of it; the next life lets it in. One step, so that packets cannot meet. */
  enter(sessionId: SessionId, packet: string): void {
    const object = objectNameOf(sessionId);
    const inside = packetsInside.get(object) ?? 0;
    if (inside === 0) this.#dieOnceOf(packet);
    packetsInside.set(object, inside + 1);
    console.log(JSON.stringify({ event: "entered", session: sessionId, life: this.#life }));
  }

  override append(packet: SessionPacket, piece: Piece): Answer {
    const { ABORTS } = this.env as Env;
    if (ABORTS === "between-pieces" && piece.first > 0) this.#dieOnceOf(`${packet.sessionId} ${piece.first}`);
    return super.append(packet, piece);
  }

  override async cancel(packet: SessionPacket): Promise<Answer> {
    const { ABORTS } = this.env as Env;
    if (ABORTS === "before-cancelling") this.#dieOnceOf(`cancelling ${packet.sessionId}`);
    const cancelled = await super.cancel(packet);
    if (ABORTS === "after-cancelling") this.#dieOnceOf(`cancelling ${packet.sessionId}`);
    return cancelled;
  }

  override measure(sessionId: SessionId, kind: SignedUrlKind): DataSize | null {
    this.#failOnceAt(`measuring ${kind} of ${sessionId}`);
    return super.measure(sessionId, kind);
  }

  override appendReply(sessionId: SessionId, first: number, bytes: Uint8Array): ReplyPiece {
    this.#failOnceAt(`a reply's ${first} of ${sessionId}`);
    return super.appendReply(sessionId, first, bytes);
  }

  override describe(sessionId: SessionId): SessionDetails | null {
    this.#failOnceAt(`describing ${sessionId}`);
    return super.describe(sessionId);
  }

  die(): void {
    this.ctx.abort(DEATH);
  }

  /** The alarm rings, the session is due, and what comes of it has come. */
  async ring(sessionId: SessionId): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec("UPDATE sessions SET due = 0 WHERE id = ?", sessionId);
    await this.alarm();
    for (let isCommitting = true; isCommitting;) {
      await scheduler.wait(20);
      const { record } = sql
        .exec<{ record: string }>("SELECT record FROM sessions WHERE id = ?", sessionId)
        .one();
      isCommitting = record.includes('"state":"committing"');
    }
  }

  /** As a call whose object is on an edge of a cluster that nobody can reach: the caller learns no more. */
  #failOnceAt(call: string): void {
    if ((this.env as Env).ABORTS !== "questions" || causes.has(call)) return;
    causes.add(call);
    throw new Error("nobody has this object just now");
  }

  #dieOnceOf(cause: string): void {
    if (causes.has(cause)) return;
    causes.add(cause);
    console.log(JSON.stringify({ event: "died", cause }));
    this.ctx.abort(DEATH);
  }
}

/** An index that may lose a row, as it does whose session's object dies before the row has left. */
export class SessionIndex extends Index {
  override async put(summary: SessionSummary): Promise<void> {
    const { ABORTS } = this.env as Env;
    const cause = `${summary.session} tells that it is ${summary.state}`;
    const [isFirst, isSecond] = [!causes.has(cause), !causes.has(`${cause} again`)];
    causes.add(isFirst ? cause : `${cause} again`);
    if (ABORTS === "telling-twice" && !isFirst && isSecond) {
      console.log(JSON.stringify({ event: "unheard", session: summary.session, state: summary.state }));
      await new Promise(() => {});
    }
    if (!isFirst || (ABORTS !== "telling" && ABORTS !== "telling-twice")) await super.put(summary);
  }
}

async function answer(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, command, name = ""] = COMMAND.exec(pathname) ?? [];
  if (command !== undefined) return await obey(command, parseSessionId(name), env);
  const id = request.headers.get(HEADER.sessionId) ?? DATA_FOLDER.exec(pathname)?.[1];
  const sessionId = parseSessionId(id ?? "");
  if (env.ABORTS !== "before-packets" || sessionId === null) return await worker.fetch(request, env, context);
  await enter(sessionId, env);
  try {
    return await worker.fetch(request, env, context);
  } finally {
    const object = objectNameOf(sessionId);
    packetsInside.set(object, (packetsInside.get(object) ?? 1) - 1);
  }
}

async function enter(sessionId: SessionId, env: Env): Promise<void> {
  const packet = crypto.randomUUID();
  for (let isInside = false; !isInside;) {
    // A stub that has seen its object die is dead too.
    const entered = env.UPLOAD_SESSIONS.getByName(objectNameOf(sessionId)).enter(sessionId, packet);
    isInside = await entered.then(() => true, isOtherThanDeath);
  }
}

async function obey(command: string, sessionId: SessionId | null, env: Env): Promise<Response> {
  if (sessionId === null) return new Response(null, { status: 404 });
  const object = env.UPLOAD_SESSIONS.getByName(objectNameOf(sessionId));
  if (command === "alarm") await object.ring(sessionId);
  else await object.die().catch(isOtherThanDeath);
  return new Response(null, { status: 204 });
}

/** @throws what is no death; false for those */
function isOtherThanDeath(error: unknown): false {
  if (String(error).includes(DEATH)) return false;
  throw error;
}

/** As the edge's own door: a wrong configuration still opens it. */
function doorLimits(env: Env): Config["door"] {
  try {
    return readConfig(env).door;
  } catch {
    return {};
  }
}

export default { fetch: answer, connect: tcpDoor<Env>(answer, doorLimits) } satisfies ExportedHandler<Env>;
