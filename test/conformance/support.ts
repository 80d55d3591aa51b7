import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import {
  type Ack,
  cancelSession,
  closeSession,
  createSession,
  fragment,
  type PacketOptions,
} from "../support/bits-client.ts";
import type { DirectorySettings, Edge, EdgeOptions } from "../support/edge.ts";
import { startEdgeOfProject } from "../support/edge-of-project.ts";
import { type LegacyOrigin, type LegacyOriginOptions, startLegacyOrigin } from "../support/legacy-origin.ts";
import type { OriginRequest } from "../support/origin-behaviour.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { saysClose } from "../support/stream-fragment.ts";
import { CREATED, expectAck, type ExpectedAck } from "./expect-ack.ts";
import { eventually } from "../support/eventually.ts";

/** A way into the edge: BITS_POST on a raw connection, or POST through the runtime's HTTP server. */
export type Door = "tcp" | "http";

/** The directories of every edge here; a test file adds its own. */
const DIRECTORIES: readonly DirectorySettings[] = [
  { path: "/uploads/" },
  { path: "/overwrite/", allow_overwrites: true },
  { path: "/notify/", notification: "by-value", notification_url: "/receive.ashx" },
  { path: "/small/", maximum_upload_bytes: 1_000 },
  { path: "/closed/", enabled: false },
];

/** What an edge of a test file has that others have not. */
export interface BenchOptions {
  directories?: readonly DirectorySettings[];
  vars?: Readonly<Record<string, unknown>>;
  secrets?: EdgeOptions["secrets"];
  origin?: LegacyOriginOptions;
}

/** One edge in front of one origin, for all tests of a file; destinations keep the tests apart. */
export class Bench {
  readonly edge: Edge;
  readonly origin: LegacyOrigin;
  #destinations = 0;

  constructor(edge: Edge, origin: LegacyOrigin) {
    this.edge = edge;
    this.origin = origin;
  }

  static async start(options: BenchOptions = {}): Promise<Bench> {
    const origin = await startLegacyOrigin(options.origin);
    try {
      const vars = {
        ORIGIN_URL: origin.url,
        UPLOAD_DIRECTORIES: [...DIRECTORIES, ...(options.directories ?? [])],
        ...options.vars,
      };
      const edge = await startEdgeOfProject({
        vars,
        ...(options.secrets ? { secrets: options.secrets } : {}),
      });
      return new Bench(edge, origin);
    } catch (error) {
      await origin.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.edge.stop(), this.origin.close()]);
  }

  async open(door: Door = "tcp"): Promise<RawConnection> {
    return RawConnection.open("127.0.0.1", door === "tcp" ? this.edge.tcpPort : this.edge.httpPort);
  }

  /** A destination that no other test has. */
  target(directory = "/uploads/"): string {
    this.#destinations += 1;
    return `${directory}file-${this.#destinations}.bin`;
  }

  /** A new session on a connection of its own, for a file of these bytes, or of this many. */
  async begin(content: Buffer | number, options: BeginOptions = {}): Promise<Upload> {
    const { directory, door = "tcp", target = this.target(directory), packet } = options;
    const bytes = typeof content === "number" ? contentOf(content, target) : content;
    const verb = door === "tcp" ? "BITS_POST" : "POST";
    const connection = await this.open(door);
    const ack = await createSession(connection, target, { verb, ...packet });
    expectAck(ack, CREATED);
    const session = { target, sessionId: ack.sessionId ?? "", bytes };
    return new Upload(connection, async () => this.open(door), session, { verb, ...packet });
  }

  /** A session whose bytes are all at the edge. */
  async beginWhole(content: Buffer | number, options: BeginOptions = {}): Promise<Upload> {
    const upload = await this.begin(content, options);
    expectAck(await upload.send(), { sessionId: upload.sessionId, offset: upload.bytes.length });
    return upload;
  }

  /** The requests that brought this destination's upload to the origin, in order. */
  commitsOf(target: string): OriginRequest[] {
    return this.origin.requests.filter(({ method, url, headers }) => {
      if (method === "PUT") return url === target;
      return method === "POST" && headers["bits-original-request-url"]?.endsWith(target) === true;
    });
  }

  /** The file at the origin, if there is one. */
  async published(target: string): Promise<Buffer | undefined> {
    const path = this.origin.files.pathOf(target);
    return path === undefined ? undefined : await readFile(path).catch(() => undefined);
  }

  /** Puts a file at the origin that came by no upload. */
  async place(target: string, content: string | Uint8Array): Promise<void> {
    const path = this.origin.files.pathOf(target) ?? "";
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }

  /** Waits until the edge has written this event of the session into its log. */
  async untilLogged(event: string, { sessionId }: { sessionId: string }): Promise<void> {
    const session = sessionId.replaceAll(/[{}]/g, "");
    await eventually(() => {
      const events = this.edge.logs.map(({ json }) => json as Record<string, unknown> | undefined);
      const found = events.filter((line) => line?.["session"] === session).map((line) => line?.["event"]);
      expect(found).toContain(event);
    });
  }

  /** Fails unless the origin has exactly these bytes there; for big files a comparison of hashes is readable. */
  async expectPublished(target: string, bytes: Uint8Array): Promise<void> {
    const found = await this.published(target);
    expect({ bytes: found?.length, sha256: found && sha256(found) }).toEqual({
      bytes: bytes.length,
      sha256: sha256(bytes),
    });
  }
}

interface BeginOptions {
  directory?: string;
  door?: Door;
  target?: string;
  packet?: PacketOptions;
}

/** A client's side of one session. */
export class Upload implements Disposable {
  readonly target: string;
  readonly sessionId: string;
  readonly bytes: Buffer;
  readonly #open: () => Promise<RawConnection>;
  readonly #options: PacketOptions;
  #connection: RawConnection;

  constructor(
    connection: RawConnection,
    open: () => Promise<RawConnection>,
    session: Pick<Upload, "target" | "sessionId" | "bytes">,
    options: PacketOptions,
  ) {
    this.#connection = connection;
    this.#open = open;
    this.target = session.target;
    this.sessionId = session.sessionId;
    this.bytes = session.bytes;
    this.#options = options;
  }

  get connection(): RawConnection {
    return this.#connection;
  }

  /** Sends the bytes from `first` up to and without `end` as one Fragment. */
  async send(
    first = 0,
    end = this.bytes.length,
    options: PacketOptions & { connection?: RawConnection } = {},
  ): Promise<Ack> {
    const range = {
      sessionId: this.sessionId,
      first,
      total: this.bytes.length,
      bytes: this.bytes.subarray(first, end),
    };
    const { connection = this.#connection } = options;
    const packet = { ...this.#options, ...options };
    return this.#follow(await fragment(connection, this.target, range, packet), connection);
  }

  async close(connection = this.#connection): Promise<Ack> {
    return closeSession(connection, this.target, this.sessionId, this.#options);
  }

  async cancel(connection = this.#connection): Promise<Ack> {
    return cancelSession(connection, this.target, this.sessionId, this.#options);
  }

  /** An edge may end a connection between two packets, if its Ack says so: the next one goes over another. */
  async #follow(ack: Ack, connection: RawConnection): Promise<Ack> {
    if (connection === this.#connection && saysClose(ack.response)) {
      connection.destroy();
      this.#connection = await this.#open();
    }
    return ack;
  }

  /** The Ack of Close-Session and Cancel-Session that went well. */
  get done(): ExpectedAck {
    return { sessionId: this.sessionId };
  }

  [Symbol.dispose](): void {
    this.#connection.destroy();
  }
}

/** A bench for the tests of this file. */
export function useBench(options: BenchOptions = {}): () => Bench {
  let bench: Bench | undefined;
  beforeAll(async () => {
    bench = await Bench.start(options);
  });
  afterAll(async () => bench?.stop());
  return () => {
    if (bench === undefined) throw new Error("the bench is there from the first test on");
    return bench;
  };
}

/** Deterministic bytes in which no piece is like another. */
export function contentOf(size: number, seed: string): Buffer {
  return size === 0 ? Buffer.alloc(0) : createHash("shake256", { outputLength: size }).update(seed).digest();
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
