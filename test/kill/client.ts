import { createCipheriv, createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Ack,
  cancelSession,
  closeSession,
  createSession,
  formatPacketHead,
  ping,
  readAck,
  SESSION_NOT_FOUND,
} from "../support/bits-client.ts";
import { ConnectionLost, ConnectionTimeout, RawConnection } from "../support/raw-connection.ts";
import { saysClose } from "../support/stream-fragment.ts";
import type { Observer, Sight } from "./moments.ts";
import { replyTo } from "./application.ts";
import { commitsEarly, replies, type UploadPlan } from "./plan.ts";

/** What a client knows of its upload at the end: what it sent, and what it was told. */
export interface ClientReport {
  readonly plan: UploadPlan;
  readonly sha256: string;
  /** As issued, in order; more than one only where the server had forgotten one. */
  readonly sessionIds: readonly string[];
  readonly ending: "accepted" | "held" | "cancelled" | "vanished" | "stuck";
  /** Milliseconds since 1970 of the first 200 that says that the application has the upload. */
  readonly acceptedAt: number | null;
  /** Of the first Close-Session that was answered 200. */
  readonly closedAt: number | null;
  /** Promises that the server broke towards this client, in words. */
  readonly broken: readonly string[];
  readonly resumed: number;
}

/** Where the edge is, and how patient a client is with it. */
export interface ClientSettings {
  readonly port: number;
  readonly observe: Observer;
  readonly content: Buffer;
  /** Offset at which sending pauses for the kill that is planned there. */
  readonly splitAt: number | null;
  /** Offset at which the connection is broken, once; beyond the file's end, after Close-Session was sent. */
  readonly breakAt?: number | null;
  readonly patienceMilliseconds: number;
}

const RETRY_MILLISECONDS = 30;
const WRITE_BYTES = 256 * 1024;
/** A directory that holds uploads of unknown outcome says so for ever; this often is enough to believe it. */
const HELD_ANSWERS = 2;

/** Ends the upload where its client does: by the death of its own machine. */
class Vanished extends Error {}

/**
 * Uploads as Windows does: Create-Session, Fragments from the acknowledged offset on, Close-Session; after a broken
 * connection a Ping, then the Fragment at its old offset, or Close-Session again.
 */
export class Client {
  readonly #plan: UploadPlan;
  readonly #settings: ClientSettings;
  readonly #giveUpAt: number;
  readonly #sessionIds: string[] = [];
  readonly #broken: string[] = [];
  #connection: RawConnection | null = null;
  #acked = 0;
  #sent = 0;
  #resumed = 0;
  #held = 0;
  #acceptedAt: number | null = null;
  #closedAt: number | null = null;
  #replyUrl: string | null = null;
  #breakAt: number;

  constructor(plan: UploadPlan, settings: ClientSettings) {
    this.#plan = plan;
    this.#settings = settings;
    this.#breakAt = settings.breakAt ?? Number.POSITIVE_INFINITY;
    this.#giveUpAt = Date.now() + settings.patienceMilliseconds;
  }

  async run(): Promise<ClientReport> {
    await pause(this.#plan.startMilliseconds);
    let ending: ClientReport["ending"];
    try {
      ending = await this.#upload();
    } catch (error) {
      ending = error instanceof Vanished ? "vanished" : "stuck";
      if (ending === "stuck") this.#broken.push(String(error));
    } finally {
      this.#connection?.destroy();
    }
    return {
      plan: this.#plan,
      sha256: createHash("sha256").update(this.#settings.content).digest("hex"),
      sessionIds: this.#sessionIds,
      ending,
      acceptedAt: this.#acceptedAt,
      closedAt: this.#closedAt,
      broken: this.#broken,
      resumed: this.#resumed,
    };
  }

  async #upload(): Promise<ClientReport["ending"]> {
    for (;;) {
      const sessionId = await this.#create();
      if (!(await this.#sendAll(sessionId))) continue;
      if (replies(this.#plan.directory)) await this.#readReply();
      if (this.#plan.ending === "cancel") {
        if (await this.#cancel(sessionId)) return "cancelled";
        continue;
      }
      const ending = await this.#close(sessionId);
      if (ending === null) continue;
      if (this.#plan.ending === "close-twice" && ending === "accepted") await this.#close(sessionId);
      return ending;
    }
  }

  async #create(): Promise<string> {
    const ack = await this.#exchange(
      async (connection) => {
        const answer = createSession(connection, this.#plan.destination);
        this.#saw("create-sent");
        return answer;
      },
      ({ status }) => status === 200,
    );
    const sessionId = ack.sessionId ?? "";
    this.#sessionIds.push(sessionId);
    this.#acked = 0;
    this.#saw("create-ack");
    return sessionId;
  }

  /** False where the session is gone. */
  async #sendAll(sessionId: string): Promise<boolean> {
    const { size, ending, cancelAt } = this.#plan;
    const end = ending === "cancel" ? cancelAt : size;
    let isKnown = size > 0 && end === 0;
    while (this.#acked < end || !isKnown) {
      const first = this.#acked;
      const ack = await this.#exchange(
        (connection) => this.#fragment(connection, sessionId, first),
        ({ status }) => status < 500,
      );
      if (ack.errorCode === SESSION_NOT_FOUND) return this.#forgotten("Fragment");
      const offset = ack.receivedContentRange ?? Number.NaN;
      // The two promises of an Ack: what it says is stored, and nothing that was not sent.
      if (!(offset >= this.#acked)) this.#broken.push(`acked ${this.#acked}, then ${offset} (${ack.status})`);
      if (offset > this.#sent) this.#broken.push(`sent ${this.#sent}, but the server says ${offset}`);
      if (ack.status !== 200) throw new Error(`a Fragment at ${first} was answered ${ack.status}`);
      this.#acked = offset;
      isKnown = true;
      this.#replyUrl = ack.replyUrl ?? this.#replyUrl;
      if (offset === size && commitsEarly(this.#plan.directory)) this.#acceptedAt ??= Date.now();
      this.#saw("fragment-ack", offset);
    }
    return true;
  }

  async #fragment(connection: RawConnection, sessionId: string, first: number): Promise<Ack> {
    const { content, splitAt } = this.#settings;
    const { destination, fragmentBytes, size } = this.#plan;
    const end = Math.min(first + fragmentBytes, size);
    const fields = { sessionId, first, length: end - first, total: size };
    const head = formatPacketHead(connection, destination, "Fragment", fields);
    await connection.send(head.slice(0, head.length >> 1));
    this.#saw("head-half", first);
    await connection.send(head.slice(head.length >> 1));
    for (let position = first; position < end;) {
      const stop = splitAt !== null && splitAt > position ? splitAt : end;
      const next = Math.min(position + WRITE_BYTES, stop, end);
      await connection.send(content.subarray(position, next));
      position = next;
      this.#sent = Math.max(this.#sent, position);
      this.#saw("body", position);
      if (position >= this.#breakAt) this.#break();
    }
    this.#saw("fragment-sent", end);
    return readAck(await connection.readResponse());
  }

  /** The reply, as the Ack of the last Fragment promised it. */
  async #readReply(): Promise<void> {
    const url = this.#replyUrl;
    if (url === null) {
      this.#broken.push("the last Fragment's Ack has no reply URL");
      return;
    }
    for (;;) {
      if (Date.now() > this.#giveUpAt) throw new Error("the reply does not come");
      try {
        const connection = await this.#connected();
        const { host, pathname, search } = new URL(url);
        await connection.send(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
        const response = await connection.readResponse();
        if (saysClose(response)) this.#drop();
        // Whoever cannot reach the session says that it is his own fault: BITS asks again for that.
        if (response.status >= 500) throw new ConnectionLost(`the reply was answered ${response.status}`);
        const isRight =
          response.status === 200 && response.body.toString() === replyTo(this.#plan.destination);
        if (!isRight) this.#broken.push(`the reply is another (${response.status})`);
        return;
      } catch (error) {
        if (!(error instanceof ConnectionLost || error instanceof ConnectionTimeout)) throw error;
        this.#drop();
      }
      await pause(RETRY_MILLISECONDS);
    }
  }

  /** Null where the session is gone. */
  async #close(sessionId: string): Promise<"accepted" | "held" | null> {
    const ack = await this.#exchange(
      async (connection) => {
        const answer = closeSession(connection, this.#plan.destination, sessionId);
        this.#saw("close-sent");
        if (this.#breakAt > this.#plan.size && Number.isFinite(this.#breakAt)) {
          answer.catch(() => undefined);
          this.#break();
        }
        return answer;
      },
      ({ status, errorContext }) => {
        if (this.#plan.directory === "/hold/" && status === 503 && errorContext === 7) this.#held += 1;
        return status === 200 || this.#held >= HELD_ANSWERS;
      },
      this.#plan.ending === "vanish",
    );
    if (ack.errorCode === SESSION_NOT_FOUND) {
      this.#forgotten("Close-Session");
      return null;
    }
    if (ack.status !== 200) return "held";
    this.#closedAt ??= Date.now();
    this.#acceptedAt ??= this.#closedAt;
    this.#saw("close-ack");
    return "accepted";
  }

  /** False where the session is gone, which after a Cancel-Session can only be a broken promise. */
  async #cancel(sessionId: string): Promise<boolean> {
    const ack = await this.#exchange(
      async (connection) => {
        const answer = cancelSession(connection, this.#plan.destination, sessionId);
        this.#saw("cancel-sent");
        return answer;
      },
      ({ status }) => status === 200,
    );
    if (ack.errorCode === SESSION_NOT_FOUND) return this.#forgotten("Cancel-Session");
    this.#saw("cancel-ack");
    return true;
  }

  /** A session may be forgotten where its directory's timeout is shorter than a death of the edge takes. */
  #forgotten(packet: string): false {
    if (this.#plan.directory !== "/brief/") this.#broken.push(`the session is unknown at ${packet}`);
    return false;
  }

  /** Sends until an answer comes that is wanted or final, over as many connections as it takes. */
  async #exchange(
    send: (connection: RawConnection) => Promise<Ack>,
    isWanted: (ack: Ack) => boolean,
    vanishes = false,
  ): Promise<Ack> {
    for (;;) {
      if (Date.now() > this.#giveUpAt) throw new Error("no end in sight");
      try {
        const ack = await send(await this.#connected());
        if (saysClose(ack.response)) this.#drop();
        if (isWanted(ack) || ack.errorCode === SESSION_NOT_FOUND) return ack;
        if (ack.status < 500) throw new Error(`answered ${ack.status} where 200 was due`);
      } catch (error) {
        if (!(error instanceof ConnectionLost || error instanceof ConnectionTimeout)) throw error;
        if (vanishes) throw new Vanished();
        this.#drop();
      }
      await pause(RETRY_MILLISECONDS);
    }
  }

  async #connected(): Promise<RawConnection> {
    if (this.#connection?.ended === false) return this.#connection;
    this.#drop();
    const { port, patienceMilliseconds: timeoutMilliseconds } = this.#settings;
    const connection = await RawConnection.open("127.0.0.1", port, { timeoutMilliseconds });
    this.#connection = connection;
    if (this.#sessionIds.length > 0) {
      this.#resumed += 1;
      const { status } = await ping(connection, this.#plan.destination);
      if (status !== 200) throw new ConnectionLost(`Ping was answered ${status}`);
    }
    return connection;
  }

  #break(): never {
    this.#breakAt = Number.POSITIVE_INFINITY;
    throw new ConnectionLost("broken on purpose");
  }

  #drop(): void {
    this.#connection?.destroy();
    this.#connection = null;
  }

  #saw(sight: Sight, position?: number): void {
    this.#settings.observe(sight, this.#plan.destination, position);
  }
}

/** The bytes of an upload: no piece of them is like another, and no two uploads are alike. */
export function contentOf({ size, destination }: UploadPlan): Buffer {
  const key = createHash("sha256").update(destination).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
}
