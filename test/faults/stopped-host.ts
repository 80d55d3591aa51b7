import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** As many as fill the queue of a host that accepts none, whose length systems count differently. */
const QUEUED = 16;

/** A host that is there and takes no connection: its process is stopped, and its queue is full, so that a SYN is dropped. */
export class StoppedHost {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #queue: Socket[] = [];

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<StoppedHost> {
    const child = fork(new URL("stopped-host-process.ts", import.meta.url), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const [port] = (await once(child, "message")) as [number];
    const host = new StoppedHost(child, port);
    child.kill("SIGSTOP");
    for (let number = 0; number < QUEUED; number++) {
      host.#queue.push(connect(port, "127.0.0.1").on("error", () => undefined));
    }
    const [first] = host.#queue;
    if (first !== undefined) await once(first, "connect");
    return host;
  }

  /** Goes on, and takes what comes. */
  goOn(): void {
    for (const socket of this.#queue) socket.destroy();
    this.#child.kill("SIGCONT");
  }

  /** The paths that were PUT there. */
  async uploads(): Promise<readonly string[]> {
    return (await (await fetch(this.url)).json()) as string[];
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.goOn();
    this.#child.kill("SIGKILL");
    await ended;
  }
}
