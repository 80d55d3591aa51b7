import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { ChildProgram, LogLine } from "../../support/child-program.ts";
import { freePort } from "../../support/free-port.ts";
import { atProcessEnd } from "../../support/process-end.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { programPath, searchPath } from "../installed.ts";

/** What a server is started with. */
export interface OriginSetup {
  readonly port: number;
  /** For its configuration and what it writes down. */
  readonly folder: string;
  /** What it serves, and where it puts what is uploaded. */
  readonly files: string;
  readonly logs: LogLine[];
}

const START_MILLISECONDS = 15_000;
const REMAINS = { recursive: true, force: true, maxRetries: 5 };

/** A web server of the kind that stands behind the edge, with a folder of its own. */
export class RealOrigin {
  readonly #setup: OriginSetup;
  readonly #programs: readonly ChildProgram[];
  readonly #cleanUp: () => Promise<void>;

  private constructor(setup: OriginSetup, programs: readonly ChildProgram[], cleanUp: () => Promise<void>) {
    this.#setup = setup;
    this.#programs = programs;
    this.#cleanUp = cleanUp;
  }

  /** Starts one, and resolves when it takes connections. */
  static async start(startPrograms: (setup: OriginSetup) => Promise<ChildProgram[]>): Promise<RealOrigin> {
    const folder = await mkdtemp(join(tmpdir(), "bits-origin-"));
    const callOff = atProcessEnd(() => rmSync(folder, REMAINS));
    const cleanUp = async (): Promise<void> => {
      callOff();
      await rm(folder, REMAINS);
    };
    let programs: ChildProgram[] = [];
    try {
      // Servers that are started by root go on as another user, who has to find his way in.
      await chmod(folder, 0o711);
      const files = join(folder, "files");
      await mkdir(files);
      await chmod(files, 0o777);
      const setup = { port: await freePort(), folder, files, logs: [] };
      programs = await startPrograms(setup);
      await Promise.race([untilListening(setup.port), ...programs.map(async (each) => each.failure())]);
      return new RealOrigin(setup, programs, cleanUp);
    } catch (error) {
      for (const program of programs) await program.end("SIGKILL");
      await cleanUp();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#setup.port}`;
  }

  get port(): number {
    return this.#setup.port;
  }

  get logs(): readonly LogLine[] {
    return this.#setup.logs;
  }

  /** Path of the file at this URL path. */
  pathOf(urlPath: string): string {
    return join(this.#setup.files, urlPath);
  }

  /** A folder that takes files, for whomever the server runs as. */
  async makeFolder(urlPath: string): Promise<string> {
    const path = this.pathOf(urlPath);
    await mkdir(path, { recursive: true });
    await chmod(path, 0o777);
    return path;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map(async (program) => program.end("SIGTERM")));
    await this.#cleanUp();
  }
}

/**
 * Fails the suite where a program is not installed: tests that are skipped say nothing of what they skip.
 *
 * @throws Error with the one sentence that says what to install
 */
export async function requirePrograms(
  programs: Readonly<Record<string, readonly string[]>>,
  packages: string,
): Promise<void> {
  const missing: string[] = [];
  for (const [program, args] of Object.entries(programs)) {
    await promisify(execFile)(programPath(program), args, { env: { ...process.env, ...searchPath() } }).catch(
      () => missing.push(program),
    );
  }
  if (missing.length > 0) {
    throw new Error(
      `${missing.join(", ")} cannot be run, and this suite uploads to real servers: apt-get install ${packages}.`,
    );
  }
}

async function untilListening(port: number): Promise<void> {
  const deadline = performance.now() + START_MILLISECONDS;
  for (;;) {
    try {
      (await RawConnection.open("127.0.0.1", port)).destroy();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error("the origin does not listen", { cause: error });
      await pause(20);
    }
  }
}
