import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { createSession, type PacketOptions } from "./bits-client.ts";
import { contentOf, sha256 } from "./content.ts";
import type { Edge } from "./edge.ts";
import { eventually } from "./eventually.ts";
import { CREATED, expectAck } from "./expect-ack.ts";
import type { LegacyOrigin } from "./legacy-origin.ts";
import type { OriginRequest } from "./origin-behaviour.ts";
import { RawConnection } from "./raw-connection.ts";
import { Upload } from "./upload.ts";

/** A way into the edge: BITS_POST on a raw connection, or POST through the runtime's HTTP server. */
export type Door = "tcp" | "http";

/** Whom the edge brings uploads to: an application, or a wire in front of one. */
export interface RigOrigin extends AsyncDisposable {
  readonly application: LegacyOrigin;
}

/** What uploads of a rig have in common. */
export interface RigHabits {
  /** Where uploads go that are told nothing else. */
  readonly directory: string;
  /** Whether an upload keeps to one connection, as Windows does; else each packet has one of its own. */
  readonly keepsConnections: boolean;
}

/** How a session is begun. */
export interface BeginOptions {
  directory?: string;
  /** Default: `tcp`. */
  door?: Door;
  /** Default: one that no other test has. */
  target?: string;
  packet?: PacketOptions;
  /** How long the Fragments of {@link Rig.beginWhole} are; default: one has it all. */
  fragmentBytes?: number;
}

/** One edge in front of one origin, for all tests of a file; destinations keep the tests apart. */
export class Rig<Origin extends RigOrigin = LegacyOrigin> {
  readonly edge: Edge;
  readonly origin: Origin;
  readonly #habits: RigHabits;
  #destinations = 0;

  constructor(edge: Edge, origin: Origin, habits: RigHabits) {
    this.edge = edge;
    this.origin = origin;
    this.#habits = habits;
  }

  async stop(): Promise<void> {
    await Promise.all([this.edge.stop(), this.origin[Symbol.asyncDispose]()]);
  }

  async open(door: Door = "tcp"): Promise<RawConnection> {
    return RawConnection.open("127.0.0.1", door === "tcp" ? this.edge.tcpPort : this.edge.httpPort);
  }

  /** A destination that no other test has. */
  destination(directory = this.#habits.directory): string {
    this.#destinations += 1;
    return `${directory}file-${this.#destinations}.bin`;
  }

  /** The same as `destination`. */
  target(directory?: string): string {
    return this.destination(directory);
  }

  /** A new session for a file of these bytes, or of this many; where a text says in which directory, or options. */
  async begin(content: Buffer | number, where: string | BeginOptions = {}): Promise<Upload<this>> {
    const {
      directory,
      door = "tcp",
      target,
      packet,
    } = typeof where === "string" ? { directory: where } : where;
    const destination = target ?? this.destination(directory);
    const bytes = typeof content === "number" ? contentOf(content, destination) : content;
    const options: PacketOptions = { verb: door === "tcp" ? "BITS_POST" : "POST", ...packet };
    const connection = await this.open(door);
    const ack = expectAck(await createSession(connection, destination, options), CREATED);
    const session = { destination, sessionId: ack.sessionId ?? "", bytes };
    if (this.#habits.keepsConnections) return new Upload(this, session, { connection, packet: options });
    connection.destroy();
    return new Upload(this, session, { packet: options });
  }

  /** A session whose bytes are all at the edge. */
  async beginWhole(content: Buffer | number, where: string | BeginOptions = {}): Promise<Upload<this>> {
    const upload = await this.begin(content, where);
    const size = upload.bytes.length;
    const { fragmentBytes = Math.max(size, 1) } = typeof where === "string" ? {} : where;
    for (let first = 0; first < size || first === 0; first += fragmentBytes) {
      const offset = Math.min(first + fragmentBytes, size);
      expectAck(await upload.send(first, offset), { sessionId: upload.sessionId, offset });
    }
    return upload;
  }

  /** The requests that brought this destination's upload to the application, in order. */
  commitsOf(destination: string): OriginRequest[] {
    return this.origin.application.requests.filter(({ method, url, headers }) => {
      if (method === "PUT") return url === destination;
      return method === "POST" && headers["bits-original-request-url"]?.endsWith(destination) === true;
    });
  }

  /** The file at the application, if there is one. */
  async published(destination: string): Promise<Buffer | undefined> {
    const path = this.origin.application.files.pathOf(destination);
    return path === undefined ? undefined : await readFile(path).catch(() => undefined);
  }

  /** Puts a file at the application that came by no upload. */
  async place(destination: string, content: string | Uint8Array): Promise<void> {
    const path = this.origin.application.files.pathOf(destination) ?? "";
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }

  /** Waits until the edge has written this event of the session into its log. */
  async untilLogged(event: string, { sessionName }: { sessionName: string }): Promise<void> {
    await eventually(() => {
      const events = this.edge.logs.map(({ json }) => json as Record<string, unknown> | undefined);
      const found = events.filter((line) => line?.["session"] === sessionName).map((line) => line?.["event"]);
      expect(found).toContain(event);
    });
  }

  /** Fails unless the application has exactly these bytes there; for big files a comparison of hashes is readable. */
  async expectPublished(destination: string, bytes: Uint8Array): Promise<void> {
    const found = await this.published(destination);
    expect({ bytes: found?.length, sha256: found && sha256(found) }).toEqual({
      bytes: bytes.length,
      sha256: sha256(bytes),
    });
  }
}

/** Something for all tests of this file: there from the first one on, and stopped after the last. */
export function useRig<R extends { stop(): Promise<void> }>(start: () => Promise<R>): () => R {
  let rig: R | undefined;
  beforeAll(async () => {
    rig = await start();
  });
  afterAll(async () => rig?.stop());
  return () => {
    if (rig === undefined) throw new Error("the rig is there from the first test on");
    return rig;
  };
}
