import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { StartedEdge } from "./edge-setup.ts";
import type { ChildProgram, LogLine } from "./child-program.ts";
import { startWorkerd } from "./edge-workerd.ts";
import { freePort } from "./free-port.ts";
import { atProcessEnd } from "./process-end.ts";

/** One entry of `UPLOAD_DIRECTORIES`, as in wrangler.toml. */
export type DirectorySettings = Readonly<Record<string, string | number | boolean | readonly string[]>> & {
  path: string;
};

/** How long a port may be somebody else's when an edge starts again on it. */
const PORT_MILLISECONDS = 30_000;

/** What {@link startEdge} is told. */
export interface EdgeOptions {
  /** Worker variables: ORIGIN_URL, UPLOAD_DIRECTORIES and whatever else; non-strings become JSON bindings. */
  vars: Readonly<Record<string, unknown>> & {
    ORIGIN_URL?: string;
    UPLOAD_DIRECTORIES?: readonly DirectorySettings[];
  };
  /** Default: a random SESSION_KEY. */
  secrets?: Readonly<Record<string, string>>;
  /**
   * `workerd` (default): the bare runtime on the production bundle, ready in about 0.2 s. `wrangler`: what
   * `npm run dev` runs, with its logs and its reloads.
   */
  via?: "workerd" | "wrangler";
  /** Folder of the Durable Objects; default: a temporary one, removed by {@link Edge.stop}. */
  storage?: string;
  /** The Worker's entry point; default: the project's own. */
  main?: string;
  /** Experimental flags of the bare runtime, for what `main` needs beyond the edge; default: none. */
  experiments?: readonly string[];
  /** PEM of an authority that the bare runtime trusts beside those of browsers, for origins with https; default: none. */
  trustedCertificate?: string;
  /**
   * What is between the edge and its origin, on the bare runtime. `network` (default): nothing. `fetch-only`: `connect()`
   * is refused and `fetch` passes, as for hosts on Cloudflare's own network (Workers, "TCP sockets", considerations). `nothing`: no address may be reached.
   */
  outbound?: "network" | "fetch-only" | "nothing";
  /** Address that the binding `ORIGIN` leads to, on the bare runtime; default: no binding. */
  privateOrigin?: string;
  /**
   * Field by which a request says that it has passed Cloudflare Access, on the bare runtime, which makes `ctx.access` of it
   * (workerd.capnp, `accessBlobHeader`); default: none, and no `ctx.access`.
   */
  accessField?: string;
  httpPort?: number;
  tcpPort?: number;
}

/** The running edge: both doors, its log, its end. */
export class Edge {
  readonly httpPort: number;
  readonly tcpPort: number;
  readonly tcpHost = "127.0.0.1";
  /** Lines of stdout and stderr so far, of all runs; parsed where they are JSON. */
  readonly logs: LogLine[];
  readonly #start: (ports: { httpPort: number; tcpPort: number }) => Promise<StartedEdge>;
  readonly #cleanUp: () => Promise<void>;
  #program: ChildProgram;

  /** Use {@link startEdge}. */
  constructor(
    started: StartedEdge,
    logs: LogLine[],
    start: (ports: { httpPort: number; tcpPort: number }) => Promise<StartedEdge>,
    cleanUp: () => Promise<void>,
  ) {
    this.httpPort = started.httpPort;
    this.tcpPort = started.tcpPort;
    this.logs = logs;
    this.#program = started.program;
    this.#start = start;
    this.#cleanUp = cleanUp;
  }

  /** Base URL of the HTTP door (`fetch`). */
  get httpUrl(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** Base URL of the TCP door (`connect`), which speaks HTTP/1.1 with any verb. */
  get tcpUrl(): string {
    return `http://${this.tcpHost}:${this.tcpPort}`;
  }

  /** The runtime's process, where it is the bare one. */
  get pid(): number | undefined {
    return this.#program.pid;
  }

  /** Memory of the workerd process in bytes; undefined where the system does not tell. */
  async rssBytes(): Promise<number | undefined> {
    return this.#program.rssBytes("workerd");
  }

  /** Ends the edge with SIGTERM and removes what is temporary. */
  async stop(): Promise<void> {
    await this.#program.end("SIGTERM");
    await this.#cleanUp();
  }

  /** Ends the edge with SIGKILL, as a crash does; the storage stays for {@link restart}. */
  async kill(): Promise<void> {
    await this.#program.end("SIGKILL");
  }

  /** Starts again on the same ports and storage; a running edge is ended with SIGTERM first. */
  async restart(): Promise<void> {
    await this.#program.end("SIGTERM");
    const ports = { httpPort: this.httpPort, tcpPort: this.tcpPort };
    // While nobody listened, the system may have given a port to another program's outgoing connection.
    for (const deadline = Date.now() + PORT_MILLISECONDS; ;) {
      try {
        this.#program = (await this.#start(ports)).program;
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await pause(100);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** An edge that notifies by reference has to be told its own URL, and so the port before it starts. */
async function withPublicUrl({
  vars,
  httpPort,
}: EdgeOptions): Promise<{ vars: EdgeOptions["vars"]; httpPort: number | undefined }> {
  // Tests of wrong settings have anything here.
  const refers = JSON.stringify(vars.UPLOAD_DIRECTORIES ?? []).includes('"by-reference"');
  if (!refers || "PUBLIC_URL" in vars) return { vars, httpPort };
  const port = httpPort ?? (await freePort());
  return { vars: { ...vars, PUBLIC_URL: `http://127.0.0.1:${port}` }, httpPort: port };
}

/** Any test can be run with sessions that share objects: SESSION_OBJECTS=4 in the environment. */
function withSessionObjects(options: EdgeOptions): EdgeOptions {
  const { SESSION_OBJECTS } = process.env;
  return SESSION_OBJECTS === undefined ? options : { ...options, vars: { SESSION_OBJECTS, ...options.vars } };
}

/** Starts the edge and resolves when both doors take connections. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const folder = await mkdtemp(join(tmpdir(), "bits-edge-"));
  const storage = options.storage ?? join(folder, "storage");
  await mkdir(storage, { recursive: true });
  const secrets = { SESSION_KEY: randomBytes(32).toString("base64url"), ...options.secrets };
  const { vars, httpPort: firstHttpPort } = await withPublicUrl(withSessionObjects(options));
  const logs: LogLine[] = [];
  const remains = { recursive: true, force: true, maxRetries: 5 };
  const callOff = atProcessEnd(() => rmSync(folder, remains));
  const cleanUp = async (): Promise<void> => {
    callOff();
    await rm(folder, remains);
  };
  const start = async (ports: {
    httpPort?: number | undefined;
    tcpPort?: number | undefined;
  }): Promise<StartedEdge> => {
    const { httpPort, tcpPort } = ports;
    const { main, experiments = [], trustedCertificate, outbound = "network" } = options;
    const { privateOrigin, accessField } = options;
    const outside = { trustedCertificate, outbound, privateOrigin, accessField };
    const setup = { vars, secrets, storage, folder, main, experiments, ...outside, httpPort, tcpPort };
    if (options.via !== "wrangler") return startWorkerd(setup, logs);
    // Loaded only where it is wanted: it brings all of wrangler into this process.
    const { startWrangler } = await import("./edge-wrangler.ts");
    return startWrangler(setup, logs);
  };
  try {
    return new Edge(await start({ ...options, httpPort: firstHttpPort }), logs, start, cleanUp);
  } catch (error) {
    await cleanUp();
    throw error;
  }
}
