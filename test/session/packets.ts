import { env, exports } from "cloudflare:workers";
import { inject } from "vitest";
import { parseSessionId } from "../../src/protocol/session-id.ts";
import type { UploadSession } from "../../src/session/upload-session.ts";
import { objectNameOf } from "../../src/signed/session-place.ts";

const PROTOCOL = "{7df0354d-249b-430f-820d-3d2a9bef4931}";

/** One client's conversation over the HTTP door, inside workerd. */
export class Conversation {
  readonly url: string;
  /** As issued, with braces. */
  id = "";

  constructor(destination: string) {
    this.url = `http://edge.example${destination}`;
  }

  static async begin(destination: string, headers: Record<string, string> = {}): Promise<Conversation> {
    const conversation = new Conversation(destination);
    const ack = await conversation.send("Create-Session", {
      "BITS-Supported-Protocols": PROTOCOL,
      ...headers,
    });
    conversation.id = ack.headers.get("BITS-Session-Id") ?? "";
    return conversation;
  }

  async send(
    type: string,
    headers: Record<string, string> = {},
    body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  ): Promise<Response> {
    const session: Record<string, string> = this.id === "" ? {} : { "BITS-Session-Id": this.id };
    return await exports.default.fetch(this.url, {
      method: "POST",
      headers: {
        "BITS-Packet-Type": type,
        "Content-Length": String(body instanceof Uint8Array ? body.length : 0),
        ...session,
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
  }

  /** A Fragment of `entity`, from `first` up to, not including, `end`. */
  async fragment(entity: Uint8Array<ArrayBuffer>, first = 0, end = entity.length): Promise<Response> {
    const range = `bytes ${first}-${end - 1}/${entity.length}`;
    return await this.send("Fragment", { "Content-Range": range }, entity.slice(first, end));
  }

  async close(): Promise<Response> {
    return await this.send("Close-Session");
  }

  async cancel(): Promise<Response> {
    return await this.send("Cancel-Session");
  }

  /** The object in which the session lives; naming it does not create it. */
  get object(): DurableObjectStub<UploadSession> {
    const sessionId = parseSessionId(this.id);
    if (sessionId === null) throw new Error(`${this.id} is no session id`);
    return env.UPLOAD_SESSIONS.getByName(objectNameOf(sessionId));
  }
}

/** The session's id as it is stored and logged, without braces. */
export function nameOf({ id }: Conversation): string {
  return id.replace(/[{}]/g, "");
}

/** What the origin has seen of a destination, by PUT or by notification, oldest first. */
export async function commitsOf(
  destination: string,
): Promise<{ method: string; bytes: number; key: string }[]> {
  const all: { method: string; url: string; bytes: number; headers: Record<string, string> }[] = await (
    await fetch(inject("witnessUrl"))
  ).json();
  return all
    .filter(({ method, url, headers }) => {
      const isTold = headers["bits-original-request-url"]?.endsWith(destination) === true;
      return /^(PUT|POST)$/.test(method) && (url === destination || isTold);
    })
    .map(({ method, bytes, headers }) => ({ method, bytes, key: headers["idempotency-key"] ?? "" }));
}

/** Bytes that differ from place to place, so that a shift shows. */
export function entityOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 251);
}

/** `Content-Digest` or `Repr-Digest` of these bytes (RFC 9530). */
export async function digestFieldOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha-256=:${btoa(String.fromCharCode(...digest))}:`;
}

/** What is at the origin now. */
export async function storedAt(destination: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(inject("originUrl") + destination)).arrayBuffer());
}
