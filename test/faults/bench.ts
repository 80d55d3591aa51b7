import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll } from "vitest";
import { type Ack, closeSession, createSession, fragment } from "../support/bits-client.ts";
import { type Edge, type EdgeOptions, startEdge } from "../support/edge.ts";
import type { LegacyOriginOptions } from "../support/legacy-origin.ts";
import type { OriginRequest } from "../support/origin-behaviour.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { FaultyOrigin } from "./faulty-origin.ts";

/** The clock is short: an origin is given up after a second of silence. */
export const DIRECTORIES = [
  { path: "/files/", origin_timeout_seconds: 1 },
  { path: "/brief/", session_timeout_seconds: 1 },
  {
    path: "/notify/",
    notification: "by-value",
    notification_url: "/receive.ashx",
    origin_timeout_seconds: 1,
  },
] as const;

/** An edge in front of an origin whose wire can be broken. */
export class Bench {
  readonly edge: Edge;
  readonly origin: FaultyOrigin;
  #destinations = 0;

  constructor(edge: Edge, origin: FaultyOrigin) {
    this.edge = edge;
    this.origin = origin;
  }

  /** A destination that no other test has. */
  destination(directory = "/files/"): string {
    this.#destinations += 1;
    return `${directory}file-${this.#destinations}.bin`;
  }

  async open(): Promise<RawConnection> {
    return RawConnection.open("127.0.0.1", this.edge.tcpPort);
  }

  /** A session with nothing sent yet. */
  async begin(size: number, directory = "/files/"): Promise<Upload> {
    const destination = this.destination(directory);
    using connection = await this.open();
    const { sessionId = "" } = await createSession(connection, destination);
    return new Upload(this, destination, sessionId, contentOf(size, destination));
  }

  /** A session whose bytes are all at the edge, in one Fragment or in several. */
  async beginWhole(size: number, directory = "/files/", fragmentBytes = size): Promise<Upload> {
    const upload = await this.begin(size, directory);
    using connection = await this.open();
    for (let first = 0; first < size; first += fragmentBytes) {
      const { status } = await upload.send(first, Math.min(first + fragmentBytes, size), connection);
      if (status !== 200) throw new Error(`the Fragment was answered ${status}`);
    }
    return upload;
  }

  /** The commits of a destination that reached the application, in order. */
  commitsOf(destination: string): OriginRequest[] {
    return this.origin.application.requests.filter(({ method, url, headers }) => {
      if (method === "PUT") return url === destination;
      return method === "POST" && headers["bits-original-request-url"]?.endsWith(destination) === true;
    });
  }

  /** The file that the application has there. */
  async published(destination: string): Promise<Buffer | null> {
    const path = this.origin.application.files.pathOf(destination);
    return path === undefined ? null : readFile(path).catch(() => null);
  }
}

/** A client's side of one session; each packet goes over a connection of its own unless one is given. */
export class Upload {
  readonly bench: Bench;
  readonly destination: string;
  readonly sessionId: string;
  readonly bytes: Buffer;

  constructor(bench: Bench, destination: string, sessionId: string, bytes: Buffer) {
    this.bench = bench;
    this.destination = destination;
    this.sessionId = sessionId;
    this.bytes = bytes;
  }

  /** The session as the server logs it, without braces. */
  get sessionName(): string {
    return this.sessionId.replace(/[{}]/g, "");
  }

  /** The same session as its client finds it at another edge. */
  at(bench: Bench): Upload {
    return new Upload(bench, this.destination, this.sessionId, this.bytes);
  }

  async send(first = 0, end = this.bytes.length, on?: RawConnection): Promise<Ack> {
    const range = {
      sessionId: this.sessionId,
      first,
      total: this.bytes.length,
      bytes: this.bytes.subarray(first, end),
    };
    return this.#over(on, (connection) => fragment(connection, this.destination, range));
  }

  async close(on?: RawConnection): Promise<Ack> {
    return this.#over(on, (connection) => closeSession(connection, this.destination, this.sessionId));
  }

  /** The offset that the session stands at, asked with a Fragment that stores nothing before the last byte is due. */
  async offset(): Promise<number> {
    const size = this.bytes.length;
    return (await this.send(size - 1, size)).receivedContentRange ?? Number.NaN;
  }

  async #over(given: RawConnection | undefined, send: (on: RawConnection) => Promise<Ack>): Promise<Ack> {
    if (given !== undefined) return send(given);
    using connection = await this.bench.open();
    return await send(connection);
  }
}

/** A bench for the tests of a file. */
export function useBench(
  options: { vars?: Omit<EdgeOptions["vars"], "ORIGIN_URL">; origin?: LegacyOriginOptions } = {},
): () => Bench {
  let bench: Bench | undefined;
  beforeAll(async () => {
    const origin = await FaultyOrigin.start(options.origin);
    const vars = { UPLOAD_DIRECTORIES: DIRECTORIES, ...options.vars, ORIGIN_URL: origin.url };
    bench = new Bench(await startEdge({ vars }), origin);
  });
  afterAll(async () => {
    await bench?.edge.stop();
    await bench?.origin.stop();
  });
  return () => {
    if (bench === undefined) throw new Error("the bench is there from the first test on");
    return bench;
  };
}

/** Deterministic bytes in which no piece is like another. */
function contentOf(size: number, seed: string): Buffer {
  return size === 0 ? Buffer.alloc(0) : createHash("shake256", { outputLength: size }).update(seed).digest();
}
