import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { type DirectorySettings, type Edge, startEdge } from "../support/edge.ts";
import { type LegacyOrigin, startLegacyOrigin } from "../support/legacy-origin.ts";
import type { OriginBehaviour, OriginRequest } from "../support/origin-behaviour.ts";
import { type CommandEnd, type RunningCommand, startCommand } from "./command-line.ts";

type Behave = (request: OriginRequest) => OriginBehaviour | undefined;

/** An edge, an origin, and a folder of files to upload with `bits-edge upload`. */
export class UploadBench {
  readonly edge: Edge;
  readonly origin: LegacyOrigin;
  readonly folder: string;
  readonly #behaviours: Map<string, Behave>;
  #files = 0;

  private constructor(edge: Edge, origin: LegacyOrigin, folder: string, behaviours: Map<string, Behave>) {
    this.edge = edge;
    this.origin = origin;
    this.folder = folder;
    this.#behaviours = behaviours;
  }

  static async start(
    directories: readonly DirectorySettings[],
    vars: Readonly<Record<string, unknown>>,
  ): Promise<UploadBench> {
    const behaviours = new Map<string, Behave>();
    const origin = await startLegacyOrigin({
      behave: (request) => [...behaviours].find(([path]) => request.url.startsWith(path))?.[1](request),
    });
    const edge = await startEdge({
      vars: { ORIGIN_URL: origin.url, UPLOAD_DIRECTORIES: directories, ...vars },
    });
    return new UploadBench(edge, origin, await mkdtemp(join(tmpdir(), "bits-upload-")), behaviours);
  }

  /** What the origin does with requests below a path, from now on. */
  behaveFor(path: string, behave: Behave): void {
    this.#behaviours.set(path, behave);
  }

  /** A new file of random bytes; its name is new too. */
  async file(
    size: number,
  ): Promise<{ readonly path: string; readonly name: string; readonly bytes: Buffer }> {
    this.#files += 1;
    const name = `file-${this.#files}.bin`;
    const path = join(this.folder, name);
    const bytes = randomBytes(size);
    await writeFile(path, bytes);
    return { path, name, bytes };
  }

  /** Starts an upload whose state is in this bench's folder; waits are short. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCommand {
    const state = ["--state", join(this.folder, "state")];
    const short = args.includes("--retry-delay") ? [] : ["--retry-delay", "0"];
    return startCommand(["upload", "--json", ...state, ...short, ...args], { env, cwd: this.folder });
  }

  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandEnd> {
    return await this.start(args, env).end;
  }

  /** Asserts that the origin has exactly these bytes, and got them in one request. */
  async expectArrived(target: string, bytes: Buffer): Promise<void> {
    const path = this.origin.files.pathOf(target) ?? "";
    expect(hash(await readFile(path))).toBe(hash(bytes));
    expect(
      this.origin.of("PUT").filter(({ url, status }) => url === target && (status ?? 0) < 300),
    ).toHaveLength(1);
  }

  async stop(): Promise<void> {
    await this.edge.stop();
    await this.origin.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A bench for the tests of a file. */
export function useUploadBench(
  directories: readonly DirectorySettings[],
  vars: Readonly<Record<string, unknown>> = {},
): () => UploadBench {
  let bench: UploadBench | undefined;
  beforeAll(async () => {
    bench = await UploadBench.start(directories, vars);
  }, 60_000);
  afterAll(async () => bench?.stop(), 60_000);
  return () => {
    if (bench === undefined) throw new Error("the bench is there from the first test on");
    return bench;
  };
}

/** The last event of this kind. */
export function lastOf(end: CommandEnd, event: string): Readonly<Record<string, unknown>> | undefined {
  return end.events.findLast((line) => line["event"] === event);
}

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
