import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, rmSync } from "node:fs";
import { mkdir, mkdtemp, open, rename, rm, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { atProcessEnd } from "../support/process-end.ts";
import type { Observer, Sight } from "./moments.ts";
import { fetchEntity, leaveReply } from "./notified-by-reference.ts";

/** One request that brought an upload, as the application saw it. */
export interface Delivery {
  readonly destination: string;
  readonly method: "PUT" | "POST";
  readonly key: string;
  readonly sessionId: string;
  /** Milliseconds since 1970, when its head came. */
  readonly arrivedAt: number;
  /** When the application took it: from then on it cannot be undone. */
  takenAt: number | null;
  /** What was done with it: `recognised` by its key, `exists` by If-None-Match; `cut` where it never came whole. */
  outcome: "arriving" | "taken" | "recognised" | "exists" | "refused" | "cut";
  /** The file that holds what was taken, for whoever checks. */
  file: string | null;
}

/** How the application fails a delivery, where a test wants it to. */
export type Mishap =
  | "breaks inside" // resets the connection in the middle of the body
  | "refuses" // reads it all and answers 500
  | "is slow" // takes it, and answers late
  | "forgets to answer"; // takes it, and resets the connection

/** Where an application is told that keeps the keys of what it took. */
const KEEPS_KEYS = /^[/](keyed|reply|referred|referred-reply|copied|copied-late)[/]/;
const REPLIES = /^[/](reply|copied-late)[/]/;
const REPLIES_BY_REFERENCE = /^[/]referred-reply[/]/;
const REFERRED = /^[/](referred|referred-reply)[/]/;
const WANTS_COPY = /^[/](copied|copied-late)[/]/;

type Step = "head" | "first-byte" | "half" | "whole" | "taken" | "answered";
const COPY_SIGHTS: ReadonlyMap<Step, Sight> = new Map([
  ["half", "copy-half"],
  ["taken", "copy-taken"],
]);

const SLOW_MILLISECONDS = 300;
const REMAINS = { recursive: true, force: true, maxRetries: 3 };

/**
 * The application behind the edge, in the ways in which applications of this age take a file: whole or not at all, in
 * place as it comes, and by notification, with a memory for Idempotency-Keys or without one, by value or by reference.
 * All that it does is kept for the checker.
 */
export class Application {
  readonly folder: string;
  /** Asked about every delivery; null for none. */
  mishap: (() => Mishap | null) | null = null;
  readonly #deliveries = new Map<string, Delivery[]>();
  readonly #server: Server;
  readonly #observe: Observer;
  readonly #takenKeys = new Set<string>();
  readonly #callOff: () => void;
  #files = 0;

  private constructor(server: Server, folder: string, observe: Observer) {
    this.#server = server;
    this.folder = folder;
    this.#observe = observe;
    this.#callOff = atProcessEnd(() => rmSync(folder, REMAINS));
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response);
    });
  }

  static async start(observe: Observer): Promise<Application> {
    const folder = await mkdtemp(join(tmpdir(), "application-"));
    const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0 }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Application(server, folder, observe);
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the application does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  /** What came for this destination, in order. */
  deliveriesOf(destination: string): readonly Delivery[] {
    return this.#deliveries.get(destination) ?? [];
  }

  /** Whether a delivery is under way. */
  get isBusy(): boolean {
    return [...this.#deliveries.values()].flat().some(({ outcome }) => outcome === "arriving");
  }

  /** Removes what was kept of a destination: in a long run it would fill the disk. */
  async forget(destination: string): Promise<void> {
    for (const { file, key } of this.deliveriesOf(destination)) {
      if (file !== null) await rm(file, { force: true });
      this.#takenKeys.delete(key);
    }
    this.#deliveries.delete(destination);
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#callOff();
    await rm(this.folder, REMAINS);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined); // the edge is gone; the checker sees what that led to
    try {
      if (request.method === "PUT" || request.method === "POST") await this.#deliver(request, response);
      else await this.#serve(request, response);
    } catch {
      request.destroy();
    }
  }

  async #deliver(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const delivery = this.#record(request);
    const mishap = this.mishap?.() ?? null;
    const { destination, method, key } = delivery;
    const entityUrl = headerOf(request, "bits-request-datafile-name");
    this.#see("head", delivery);
    const path = join(this.folder, "files", destination);
    const exists = method === "PUT" && (await stat(path).catch(() => null)) !== null;
    if (exists && request.headers["if-none-match"] === "*") {
      delivery.outcome = "exists";
      return this.#say(412, request, response, delivery);
    }
    const place = destination.startsWith("/in-place/") ? path : await this.#newFile();
    const isWhole = await (entityUrl === null
      ? this.#receive(request, place, delivery, mishap)
      : this.#fetch(entityUrl, place, delivery, mishap));
    if (!isWhole) return entityUrl === null ? undefined : this.#say(500, request, response, delivery);
    if (mishap === "refuses") {
      delivery.outcome = "refused";
      if (place === path) await rm(path, { force: true });
      return this.#say(500, request, response, delivery);
    }
    if (method === "POST" && KEEPS_KEYS.test(destination) && this.#takenKeys.has(key)) {
      delivery.outcome = "recognised";
      await this.#leaveReply(request, delivery);
      return this.#say(200, request, response, delivery);
    }
    if (method === "PUT" && place !== path) {
      await mkdir(dirname(path), { recursive: true });
      await rename(place, path);
    }
    this.#takenKeys.add(key);
    delivery.file = method === "PUT" ? path : place;
    delivery.takenAt = Date.now();
    delivery.outcome = "taken";
    this.#see("taken", delivery);
    await this.#leaveReply(request, delivery);
    if (mishap === "forgets to answer") return void request.socket.resetAndDestroy();
    if (mishap === "is slow") await pause(SLOW_MILLISECONDS);
    return this.#say(exists ? 204 : 201, request, response, delivery);
  }

  #record({ method, url = "", headers }: IncomingMessage): Delivery {
    const original = String(headers["bits-original-request-url"]);
    const delivery: Delivery = {
      destination: method === "PUT" ? url : new URL(original).pathname,
      method: method === "PUT" ? "PUT" : "POST",
      key: String(headers["idempotency-key"]),
      sessionId: String(headers["bits-session-id"]),
      arrivedAt: Date.now(),
      takenAt: null,
      outcome: "arriving",
      file: null,
    };
    this.#deliveries.set(delivery.destination, [...this.deliveriesOf(delivery.destination), delivery]);
    return delivery;
  }

  /** The entity, from where a notification says that it is. */
  async #fetch(url: string, place: string, delivery: Delivery, mishap: Mishap | null): Promise<boolean> {
    try {
      return await this.#receive(await fetchEntity(url), place, delivery, mishap);
    } catch {
      delivery.outcome = "cut"; // the edge is gone, and the URL with it
      return false;
    }
  }

  /** The reply, where it is wanted apart from the answer. */
  async #leaveReply(request: IncomingMessage, { destination }: Delivery): Promise<void> {
    const url = headerOf(request, "bits-response-datafile-name");
    if (url === null || !REPLIES_BY_REFERENCE.test(destination)) return;
    await leaveReply(url, replyTo(destination), () => this.#observe("reply-half", destination));
  }

  /** A step of a delivery: of the file's own way, where an application has been told of the upload before. */
  #see(step: Step, delivery: Delivery): void {
    const { destination, method } = delivery;
    const isCopy = method === "PUT" && WANTS_COPY.test(destination);
    const sight = isCopy ? COPY_SIGHTS.get(step) : (`commit-${step}` as const);
    if (sight !== undefined) this.#observe(sight, destination);
    if (step === "half" && REFERRED.test(destination)) this.#observe("entity-half", destination);
  }

  /** The body into `place`; false where the sender left before its end. */
  async #receive(
    request: IncomingMessage,
    place: string,
    delivery: Delivery,
    mishap: Mishap | null,
  ): Promise<boolean> {
    const announced = Number(request.headers["content-length"]);
    let received = 0;
    await mkdir(dirname(place), { recursive: true });
    const file = await open(place, "w");
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        const before = received;
        received += chunk.length;
        await file.writev([chunk]);
        if (mishap === "breaks inside" && received >= announced / 2) request.socket.resetAndDestroy();
        if (before === 0) this.#see("first-byte", delivery);
        if (before < announced / 2 && received >= announced / 2) this.#see("half", delivery);
      }
    } catch {
      delivery.outcome = "cut";
    } finally {
      await file.close();
    }
    if (received !== announced) {
      delivery.outcome = "cut";
      return false;
    }
    this.#see("whole", delivery);
    return true;
  }

  #say(status: number, request: IncomingMessage, response: ServerResponse, delivery: Delivery): void {
    const { destination, method } = delivery;
    request.resume();
    const isTold = method === "POST" && status < 300;
    const reply = isTold && REPLIES.test(destination) ? replyTo(destination) : "";
    const copy = isTold && WANTS_COPY.test(destination) ? { "BITS-Copy-File-To-Destination": "1" } : {};
    response.writeHead(status, { "Content-Length": reply.length, ...copy });
    response.end(reply, () => this.#see("answered", delivery));
  }

  /** A file is read back where an earlier commit may have left it. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = join(this.folder, "files", request.url ?? "");
    const size = (await stat(path).catch(() => null))?.size;
    response.writeHead(size === undefined ? 404 : 200, { "Content-Length": size ?? 0 });
    if (size === undefined || request.method === "HEAD") response.end();
    else createReadStream(path).pipe(response);
  }

  async #newFile(): Promise<string> {
    await mkdir(join(this.folder, "taken"), { recursive: true });
    this.#files += 1;
    return join(this.folder, "taken", String(this.#files));
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name];
  return typeof value === "string" ? value : null;
}

/** What the application has to say of an upload, where it replies. */
export function replyTo(destination: string): string {
  return `I have ${destination}.\n`.repeat(100);
}

/** SHA-256 of a file, in hexadecimal; null where there is none. */
export async function sha256OfFile(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest("hex");
  } catch {
    return null;
  }
}
