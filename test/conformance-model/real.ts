import { existsSync } from "node:fs";
import { contentOf } from "../conformance/support.ts";
import { type Ack, createSession } from "../support/bits-client.ts";
import type { DirectorySettings, Edge } from "../support/edge.ts";
import { startEdgeOfProject } from "../support/edge-of-project.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import { answer, type OriginBehaviour } from "../support/origin-behaviour.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { saysClose } from "../support/stream-fragment.ts";
import type { DirectoryKind, OriginMood, Said } from "./model.ts";

const TOLD = { notification: "by-value", notification_url: "/receive.ashx" } as const;

export const DIRECTORIES: readonly DirectoryKind[] = [
  { path: "/put/", by: "PUT", on: "Close-Session", replies: false },
  { path: "/put-at-once/", by: "PUT", on: "last Fragment", replies: false },
  { path: "/told/", by: "POST", on: "Close-Session", replies: false },
  { path: "/told-at-once/", by: "POST", on: "last Fragment", replies: false },
  { path: "/reply/", by: "POST", on: "last Fragment", replies: true },
];

/** A session as its client knows it. */
export interface RealSession {
  readonly id: string;
  /** More bytes than any Fragment of the test asks for. */
  readonly bytes: Buffer;
  replyUrl?: string;
}

/** The edge and its origin: what the model is held against. */
export class Real {
  readonly origin: LegacyOrigin;
  readonly #edge: Edge;
  readonly #mood: { now: OriginMood | "is silent" };
  #connection: RawConnection | null = null;
  #runs = 0;
  target = "";
  sessions: RealSession[] = [];

  private constructor(edge: Edge, origin: LegacyOrigin, mood: { now: OriginMood | "is silent" }) {
    this.#edge = edge;
    this.origin = origin;
    this.#mood = mood;
  }

  static async start(): Promise<Real> {
    const mood: { now: OriginMood | "is silent" } = { now: "accepts" };
    const origin: LegacyOrigin = await startLegacyOrigin({
      behave: ({ method, url, headers }) => {
        if (method !== "PUT" && method !== "POST") return undefined;
        const hasCondition = headers["if-none-match"] !== undefined;
        return behaviourOf(mood.now, hasCondition && existsSync(origin.files.pathOf(url) ?? ""));
      },
    });
    const vars = { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: DIRECTORIES.map(settingsOf) };
    return new Real(await startEdgeOfProject({ vars }), origin, mood);
  }

  /** A destination of its own for the next run. */
  begin(directory: DirectoryKind): void {
    this.#runs += 1;
    this.target = `${directory.path}run-${this.#runs}.bin`;
    this.sessions = [];
    this.setMood("accepts");
  }

  setMood(mood: OriginMood | "is silent"): void {
    this.#mood.now = mood;
  }

  async create(size: number): Promise<Ack> {
    const ack = await this.say(async (connection) => await createSession(connection, this.target));
    if (ack.sessionId !== undefined) {
      const bytes = contentOf(size + 8, `${this.target} ${this.sessions.length}`);
      // So that no session's upload is the beginning of another's.
      bytes[0] = this.sessions.length;
      this.sessions.push({ id: ack.sessionId, bytes });
    }
    return ack;
  }

  /** One packet and its Ack, on a connection that lasts for as long as the edge lets it. */
  async say(packet: (connection: RawConnection) => Promise<Ack>): Promise<Ack> {
    this.#connection ??= await RawConnection.open("127.0.0.1", this.#edge.tcpPort);
    const ack = await packet(this.#connection);
    if (saysClose(ack.response)) this.#disconnect();
    return ack;
  }

  /** SIGKILL, and up again on the same storage. */
  async die(): Promise<void> {
    this.#disconnect();
    await this.#edge.kill();
    await this.#edge.restart();
  }

  /** Every Ack of a session gives the same URL (ruling 18). */
  keepReply(which: number, { replyUrl }: Ack): void {
    const session = this.sessions[which];
    if (session === undefined || replyUrl === undefined) return;
    if (session.replyUrl !== undefined && session.replyUrl !== replyUrl)
      throw new Error(`${replyUrl} is another URL than ${session.replyUrl}`);
    session.replyUrl = replyUrl;
  }

  /** The status. */
  async getReply(which: number): Promise<number> {
    using connection = await RawConnection.open("127.0.0.1", this.#edge.tcpPort);
    const { pathname } = new URL(this.sessions[which]?.replyUrl ?? "");
    await connection.send(`GET ${pathname} HTTP/1.1\r\nHost: edge\r\n\r\n`);
    return (await connection.readResponse()).status;
  }

  async stop(): Promise<void> {
    this.#disconnect();
    await Promise.all([this.#edge.stop(), this.origin.close()]);
  }

  #disconnect(): void {
    this.#connection?.destroy();
    this.#connection = null;
  }
}

function settingsOf({ path, by, on, replies }: DirectoryKind): DirectorySettings {
  const commitOn = on === "last Fragment" ? "last-fragment" : "close-session";
  const settings = { path, commit_on: commitOn, reply: replies };
  return by === "PUT" ? settings : { ...settings, ...TOLD };
}

function behaviourOf(mood: OriginMood | "is silent", isRefused: boolean): OriginBehaviour {
  switch (mood) {
    case "accepts":
      return { kind: "serve" };
    case "full":
      return answer(507);
    case "forbids":
      return answer(403);
    case "hangs up":
      return { kind: "close" };
    case "lost":
      // The condition is looked at first, as a server does.
      return isRefused ? { kind: "serve" } : { kind: "close", store: true };
    case "is silent":
      return { kind: "hang" };
  }
}

/** What an Ack says, in the model's words. */
export function said({ response, status, receivedContentRange, replyUrl }: Ack): Said {
  const code = response.header("BITS-Error-Code");
  const context = response.header("BITS-Error-Context");
  return {
    status,
    ...(code === undefined ? {} : { code }),
    ...(context === undefined ? {} : { context }),
    ...(receivedContentRange === undefined ? {} : { offset: receivedContentRange }),
    ...(replyUrl === undefined ? {} : { reply: true }),
  };
}
