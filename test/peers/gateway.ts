import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PROJECT } from "../support/bundle.ts";
import type { ChildProgram, LogLine } from "../support/child-program.ts";
import { freePort } from "../support/free-port.ts";
import { atProcessEnd } from "../support/process-end.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";

/** What a gateway is started with. */
export interface GatewaySetup {
  /** `host:port` of the edge's HTTP door, or of what stands for it. */
  readonly edge: string;
  /** The certificate to trust where the edge is behind TLS, as on Cloudflare: a PEM file. */
  readonly edgeCertificate: string | undefined;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly certificate: Certificate;
  /** For its configuration. */
  readonly folder: string;
  /** The only place where it could put bodies on disk. */
  readonly temporary: string;
  readonly logs: LogLine[];
}

/** Starts the program on the shipped file, or the two that make one gateway; does not wait until they listen. */
export type StartProgram = (setup: GatewaySetup) => Promise<ChildProgram | readonly ChildProgram[]>;

/** What is special about a gateway, or its edge. */
export interface GatewayOptions {
  /** The certificate to trust where the edge is behind TLS; default: the edge is not. */
  readonly edgeCertificate?: string;
  /** Whether it listens on its two ports, or for TLS only; default: on both. */
  readonly listens?: "twice" | "for TLS";
}

/** The shipped files. */
export const DEPLOY = join(PROJECT, "deploy");

const START_MILLISECONDS = 10_000;

/** A running gateway in front of an edge. */
export class Gateway {
  readonly #setup: GatewaySetup;
  readonly #programs: readonly ChildProgram[];
  readonly #cleanUp: () => Promise<void>;

  private constructor(setup: GatewaySetup, programs: readonly ChildProgram[], cleanUp: () => Promise<void>) {
    this.#setup = setup;
    this.#programs = programs;
    this.#cleanUp = cleanUp;
  }

  /** Starts one on free ports and resolves when it takes connections. */
  static async start(
    startProgram: StartProgram,
    edge: string,
    { edgeCertificate, listens = "twice" }: GatewayOptions = {},
  ): Promise<Gateway> {
    const folder = await mkdtemp(join(tmpdir(), "bits-gateway-"));
    const callOff = atProcessEnd(() => rmSync(folder, { recursive: true, force: true }));
    const cleanUp = async (): Promise<void> => {
      callOff();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    };
    let programs: readonly ChildProgram[] = [];
    try {
      const temporary = join(folder, "temporary");
      await mkdir(temporary);
      const [httpPort, httpsPort] = [await freePort(), await freePort()];
      const certificate = await makeCertificate(folder);
      const ports = { httpPort, httpsPort };
      const setup = { edge, edgeCertificate, ...ports, certificate, folder, temporary, logs: [] };
      programs = [await startProgram(setup)].flat();
      const listening = listens === "twice" ? [httpPort, httpsPort] : [httpsPort];
      await Promise.race([untilListening(listening), ...programs.map(async (each) => each.failure())]);
      return new Gateway(setup, programs, cleanUp);
    } catch (error) {
      await Promise.all(programs.map(async (program) => program.end("SIGKILL")));
      await cleanUp();
      throw error;
    }
  }

  get httpPort(): number {
    return this.#setup.httpPort;
  }

  get httpsPort(): number {
    return this.#setup.httpsPort;
  }

  /** The certificate to trust. */
  get pem(): string {
    return this.#setup.certificate.pem;
  }

  get logs(): readonly LogLine[] {
    return this.#setup.logs;
  }

  /** Files in the folder for bodies on disk, now. */
  async bufferedFiles(): Promise<string[]> {
    const entries = await readdir(this.#setup.temporary, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  /** Memory of the program's largest process in bytes; undefined where the system does not tell. */
  async rssBytes(name: string): Promise<number | undefined> {
    const sizes = await Promise.all(this.#programs.map(async (program) => program.rssBytes(name)));
    return sizes.find((size) => size !== undefined);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map(async (program) => program.end("SIGTERM")));
    await this.#cleanUp();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function untilListening(ports: readonly number[]): Promise<void> {
  const deadline = performance.now() + START_MILLISECONDS;
  for (const port of ports) {
    for (;;) {
      try {
        (await RawConnection.open("127.0.0.1", port)).destroy();
        break;
      } catch (error) {
        if (performance.now() > deadline) throw new Error("the gateway does not listen", { cause: error });
        await pause(20);
      }
    }
  }
}
