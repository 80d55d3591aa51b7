import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { type Ack, createSession, type PacketOptions } from "../support/bits-client.ts";
import { contentOf } from "../support/content.ts";
import { type Edge, startEdge } from "../support/edge.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { Upload } from "../support/upload.ts";
import { BitsOrigin } from "./bits-origin.ts";

/** Of an upload, and of the Fragments in which the edge hands it over. */
export const SIZE = 1_000_000;
export const FRAGMENT = 100_000;

const BITS = { handover: "bits", origin_fragment_bytes: FRAGMENT, origin_timeout_seconds: 5 };
const DIRECTORIES = [
  { path: "/close/", ...BITS },
  { path: "/last/", ...BITS, commit_on: "last-fragment" },
  { path: "/hold/", ...BITS, unknown_outcome: "hold" },
  { path: "/hold-last/", ...BITS, commit_on: "last-fragment", unknown_outcome: "hold" },
  { path: "/asks/", ...BITS, authorize: "origin" },
];

/** Packets of a hand-over in which nothing happens. */
export const FRAGMENTS = Array.from({ length: SIZE / FRAGMENT }, () => "Fragment");
export const WHOLE = ["Create-Session", ...FRAGMENTS, "Close-Session"];

/** What the client is told: status, error code, whose error it is. */
export const told = ({ status, errorCode, errorContext }: Ack): unknown[] => [
  status,
  errorCode,
  errorContext,
];
export const DONE = [200, undefined, undefined];

/** An edge in front of a BITS server of the tests' own. */
export class BitsBench {
  readonly edge: Edge;
  readonly origin: BitsOrigin;
  #uploads = 0;

  private constructor(edge: Edge, origin: BitsOrigin) {
    this.edge = edge;
    this.origin = origin;
  }

  static async start(): Promise<BitsBench> {
    const origin = await BitsOrigin.start();
    const edge = await startEdge({
      vars: { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: DIRECTORIES },
      secrets: { ORIGIN_AUTHORIZATION: "Basic ZWRnZTplZGdl" },
    });
    return new BitsBench(edge, origin);
  }

  async stop(): Promise<void> {
    await this.edge.stop();
    await this.origin.stop();
  }

  async open(): Promise<RawConnection> {
    return await RawConnection.open("127.0.0.1", this.edge.tcpPort);
  }

  target(directory: string): string {
    this.#uploads += 1;
    return `${directory}file-${this.#uploads}.bin?account=1`;
  }

  /** A session at the edge. The origin knows nothing of it. */
  async create(directory: string, size = SIZE, options: PacketOptions = {}): Promise<Upload<BitsBench>> {
    const destination = this.target(directory);
    using connection = await this.open();
    const { status, sessionId = "" } = await createSession(connection, destination, options);
    expect(status).toBe(200);
    this.origin.packets.length = 0;
    return new Upload(this, { destination, sessionId, bytes: contentOf(size, destination) });
  }

  /** … with every byte. The directory is one where the origin still knows nothing. */
  async begin(directory: string, size = SIZE): Promise<Upload<BitsBench>> {
    const upload = await this.create(directory, size);
    expect((await upload.send()).status).toBe(200);
    return upload;
  }

  /** Meets `fault` at the nth packet of a type, once. */
  onceAt(type: string, nth: number, fault: ReturnType<BitsOrigin["instead"]>): void {
    let seen = 0;
    this.origin.instead = (packet) => (packet.type === type && ++seen === nth ? fault : undefined);
  }

  /** The published file can be read, whatever else the origin does. */
  serveFile({ bytes }: Upload<BitsBench>): void {
    const { instead } = this.origin;
    this.origin.instead = (packet) =>
      packet.type === "GET"
        ? { status: 200, headers: { "Content-Length": String(bytes.length) }, body: bytes }
        : instead(packet);
  }

  expectPublished({ target, bytes }: Upload<BitsBench>): void {
    expect(this.origin.files.get(target)?.equals(bytes)).toBe(true);
  }
}

/** One for all tests of a file; the origin forgets its faults after each. */
export function useBitsBench(): () => BitsBench {
  let bench: BitsBench | undefined;
  const started = (): BitsBench => {
    if (bench === undefined) throw new Error("not started yet");
    return bench;
  };
  beforeAll(async () => {
    bench = await BitsBench.start();
  });
  afterEach(() => started().origin.reset());
  afterAll(async () => bench?.stop());
  return started;
}
