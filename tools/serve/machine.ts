import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bytesIn, descriptorsOf, diskOf, type Figures } from "./machine-figures.ts";

/** The system takes no longer path for a socket (unix(7), `sun_path`; macOS has 104). */
const LONGEST_PATH_BYTES = 103;
/** A folder of very many files takes long to count: an answer does not wait for that, and has the number of before. */
const COUNTING_MILLISECONDS = 300;

/**
 * Tells the Worker what it cannot see: how many files its runtime has open, how large the state folder is, and how much room
 * is left on its disk. It answers at a socket of the file system, in a folder that is this user's alone. If it cannot, the
 * metrics have fewer figures, and the edge works as well.
 */
export class Machine {
  readonly #state: string;
  readonly #path: string | null;
  readonly #server: Server;
  #runtime: number | null = null;
  #bytes: number | null = null;
  #counting: Promise<void> | null = null;

  private constructor(state: string, path: string | null) {
    this.#state = state;
    this.#path = path;
    this.#server = createServer((_, response) => void this.#answer(response));
  }

  static async open(state: string): Promise<Machine> {
    const machine = new Machine(state, await freePath(state));
    if (machine.#path !== null) {
      machine.#server.on("error", () => undefined);
      machine.#server.listen(machine.#path);
      machine.#server.unref();
    }
    return machine;
  }

  /** For workerd: where it answers; none if it does not. */
  get arguments(): readonly string[] {
    return this.#path === null ? [] : [`--external-addr=machine=unix:${this.#path}`];
  }

  /** A runtime has started: its files are the ones that count. */
  watch(runtime: number): void {
    this.#runtime = runtime;
  }

  /** The socket goes with its server. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#path === null) return;
    const folder = dirname(this.#path);
    if (folder !== this.#state) rmSync(folder, { recursive: true, force: true });
  }

  async #answer(response: ServerResponse): Promise<void> {
    const figures = await this.#figures();
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(figures));
  }

  async #figures(): Promise<Figures> {
    this.#counting ??= bytesIn(this.#state)
      .then((bytes) => void (this.#bytes = bytes))
      .catch(() => undefined)
      .finally(() => {
        this.#counting = null;
      });
    const [descriptors, disk] = await Promise.all([
      this.#runtime === null ? {} : descriptorsOf(this.#runtime),
      diskOf(this.#state),
      Promise.race([this.#counting, pause(COUNTING_MILLISECONDS, null, { ref: false })]),
    ]);
    return {
      ...descriptors,
      ...disk,
      ...(this.#bytes === null ? {} : { bitsedge_state_bytes: this.#bytes }),
    };
  }
}

/** Where a socket can be; null if there is no such place: workerd knows no pipes of Windows. */
async function freePath(state: string): Promise<string | null> {
  if (process.platform === "win32") return null;
  const path = join(state, "machine.socket");
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES)
    return join(await mkdtemp(join(tmpdir(), "bits-edge-")), "machine.socket");
  await rm(path, { force: true }); // of an edge that was killed
  return path;
}
