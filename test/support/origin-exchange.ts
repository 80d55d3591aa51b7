import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { CannedAnswer, OriginBehaviour, OriginRequest } from "./origin-behaviour.ts";
import type { IncomingFile, OriginFiles } from "./origin-files.ts";

/** What all exchanges of an origin share. */
export interface OriginSettings {
  readonly files: OriginFiles;
  readonly hashes: boolean;
  readonly store: boolean;
  /** First answer by Idempotency-Key, where they are remembered. */
  readonly statusOfKey: Map<string, number> | undefined;
  readonly keysSeen: Set<string>;
}

/** One request and what becomes of it. */
export class OriginExchange {
  readonly record: OriginRequest;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #settings: OriginSettings;
  readonly #key: string | undefined;

  constructor(incoming: IncomingMessage, response: ServerResponse, settings: OriginSettings) {
    this.#incoming = incoming;
    this.#response = response;
    this.#settings = settings;
    const entries = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
    const headers: Record<string, string> = Object.fromEntries(entries);
    this.#key = headers["idempotency-key"];
    this.record = {
      method: incoming.method ?? "",
      url: incoming.url ?? "",
      headers,
      bytes: 0,
      sha256: undefined,
      state: "reading",
      status: undefined,
      repeated: this.#key !== undefined && settings.keysSeen.has(this.#key),
    };
    if (this.#key !== undefined) settings.keysSeen.add(this.#key);
  }

  /** Never rejects: a sender that leaves is an everyday event and noted in the record. */
  async run(behaviour: OriginBehaviour): Promise<void> {
    try {
      await this.#perform(behaviour);
    } catch {
      this.record.state = "cut";
      this.#incoming.destroy();
    }
  }

  async #perform(behaviour: OriginBehaviour): Promise<void> {
    const { socket } = this.#incoming;
    switch (behaviour.kind) {
      case "serve":
        await this.#serve();
        break;
      case "slow-read":
        await this.#serve(behaviour.bytesPerSecond);
        break;
      case "delay":
        await pause(behaviour.milliseconds);
        await this.#perform(behaviour.then ?? { kind: "serve" });
        break;
      case "answer":
        await this.#readBody();
        this.#answer(behaviour);
        break;
      case "answer-early":
        await this.#answerEarly(behaviour);
        break;
      case "store-then-answer":
        await this.#readBody({ path: this.#destination() });
        this.#answer(behaviour);
        break;
      case "hang":
        if (behaviour.readBody !== false) await this.#readBody();
        break;
      case "reset":
        if (behaviour.when === "after-body") await this.#readBody();
        else if (behaviour.when !== "before-body")
          await this.#readBody({ resetAt: behaviour.when.afterBytes });
        socket.resetAndDestroy();
        break;
      case "close":
        await this.#readBody(behaviour.store === true ? { path: this.#destination() } : {});
        socket.destroy();
        break;
    }
  }

  async #serve(bytesPerSecond?: number): Promise<void> {
    const { method } = this.record;
    if (method === "GET" || method === "HEAD") return this.#serveFile();
    if (method !== "PUT" && method !== "POST") return this.#drainAndAnswer(405);
    if (this.record.headers["transfer-encoding"] !== undefined) {
      return this.#answerEarly({ status: 411 });
    }
    const before = this.#key === undefined ? undefined : this.#settings.statusOfKey?.get(this.#key);
    if (before !== undefined) return this.#drainAndAnswer(before);
    const path = this.#destination();
    if (path === undefined) return this.#drainAndAnswer(400);
    const exists = (await this.#settings.files.sizeOf(this.#destinationUrl)) !== undefined;
    if (exists && this.record.headers["if-none-match"] === "*") return this.#drainAndAnswer(412);
    await this.#readBody({ path, bytesPerSecond });
    const status = method === "POST" ? 200 : exists ? 204 : 201;
    if (this.#key !== undefined) this.#settings.statusOfKey?.set(this.#key, status);
    return this.#answer({ status });
  }

  /** An application that is notified by value keeps the file under the name the client gave. */
  get #destinationUrl(): string {
    const { method, url, headers } = this.record;
    const original = method === "POST" ? headers["bits-original-request-url"] : undefined;
    return original !== undefined && URL.canParse(original) ? new URL(original).pathname : url;
  }

  #destination(): string | undefined {
    return this.#settings.files.pathOf(this.#destinationUrl);
  }

  async #serveFile(): Promise<void> {
    const { files } = this.#settings;
    const size = await files.sizeOf(this.record.url);
    const path = files.pathOf(this.record.url);
    if (size === undefined || path === undefined) return this.#drainAndAnswer(404);
    const range = /^bytes=(\d+)-(\d*)$/.exec(this.record.headers["range"] ?? "");
    const first = Number(range?.[1] ?? 0);
    const last = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
    if (range !== null && (first >= size || last < first)) {
      return this.#answer({ status: 416, headers: { "Content-Range": `bytes */${size}` } });
    }
    this.record.state = "read";
    this.record.status = range === null ? 200 : 206;
    this.#response.writeHead(this.record.status, {
      "Content-Type": "application/octet-stream",
      "Content-Length": last - first + 1,
      "Accept-Ranges": "bytes",
      ...(range === null ? {} : { "Content-Range": `bytes ${first}-${last}/${size}` }),
    });
    if (this.record.method === "HEAD" || size === 0) this.#response.end();
    else await pipeline(files.read(path, first, last), this.#response);
  }

  async #drainAndAnswer(status: number): Promise<void> {
    await this.#readBody();
    this.#answer({ status });
  }

  #answer(canned: CannedAnswer): void {
    const body = canned.body ?? "";
    this.record.status = canned.status;
    this.#response.writeHead(canned.status, {
      "Content-Length": Buffer.byteLength(body),
      ...canned.headers,
    });
    this.#response.end(body);
  }

  /**
   * Written past Node's response object, which would read the rest of the body away; the connection stays
   * for half a second, so that the answer is not lost to the reset that unread bytes cause.
   */
  async #answerEarly(canned: CannedAnswer): Promise<void> {
    const body = canned.body ?? "";
    const headers = {
      "Content-Length": String(Buffer.byteLength(body)),
      Connection: "close",
      ...canned.headers,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const { socket } = this.#incoming;
    this.record.status = canned.status;
    this.record.state = "cut";
    socket.write(
      `HTTP/1.1 ${canned.status} ${STATUS_CODES[canned.status] ?? ""}\r\n${lines.join("")}\r\n${body}`,
    );
    await pause(500);
    socket.destroy();
  }

  async #readBody(how: ReadingOptions = {}): Promise<void> {
    const hash = this.#settings.hashes ? createHash("sha256") : undefined;
    let file: IncomingFile | undefined;
    if (how.path !== undefined && this.#settings.store) file = await this.#settings.files.begin(how.path);
    try {
      for await (const chunk of this.#incoming as AsyncIterable<Buffer>) {
        this.record.bytes += chunk.length;
        hash?.update(chunk);
        await file?.write(chunk);
        if (how.bytesPerSecond !== undefined) await pause((chunk.length / how.bytesPerSecond) * 1000);
        if (this.record.bytes >= (how.resetAt ?? Number.POSITIVE_INFINITY)) {
          this.#incoming.socket.resetAndDestroy();
        }
      }
    } catch (error) {
      await file?.discard();
      throw error;
    }
    this.record.sha256 = hash?.digest("hex");
    this.record.state = "read";
    await file?.keep();
  }
}

interface ReadingOptions {
  /** Where the body is stored, if it is. */
  path?: string | undefined;
  bytesPerSecond?: number | undefined;
  /** Resets the connection when this many bytes were read. */
  resetAt?: number;
}
