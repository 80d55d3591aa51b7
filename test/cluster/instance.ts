import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { holderOf, READY, SERVE, until } from "../deploy/served-edge.ts";
import { PROJECT } from "../support/bundle.ts";
import { ChildProgram, type LogLine } from "../support/child-program.ts";
import type { EdgeEvents } from "../kill/edge-events.ts";
import { freePort } from "../support/free-port.ts";

/** A stopping edge ends within 35 s (tools/serve/runtime.ts). */
const STOP_MILLISECONDS = 45_000;
const START_MILLISECONDS = 90_000;

/** One edge of a cluster, as `npm run serve -- --cluster` starts it, on ports and in a folder that it keeps. */
export class Instance {
  readonly name: string;
  readonly tcpPort: number;
  readonly httpPort: number;
  /** How often it ended although nobody ended it; a service manager starts it again, and so does {@link start}. */
  endedByItself = 0;
  readonly #env: Readonly<Record<string, string>>;
  readonly #args: readonly string[];
  readonly #state: string;
  readonly #events: EdgeEvents;
  #program: ChildProgram | null = null;

  private constructor(
    name: string,
    ports: readonly [http: number, tcp: number, cluster: number],
    setup: InstanceSetup,
  ) {
    const [http, tcp, cluster] = ports;
    this.name = name;
    this.httpPort = http;
    this.tcpPort = tcp;
    this.#env = setup.env;
    this.#events = setup.events;
    this.#state = join(setup.folder, name);
    const doors = ["--http", String(http), "--tcp", String(tcp), "--state", this.#state];
    const address = `127.0.0.1:${cluster}`;
    this.#args = ["--no-build", ...doors, "--cluster", setup.cluster, "--cluster-address", address];
  }

  static async prepare(name: string, setup: InstanceSetup): Promise<Instance> {
    return new Instance(name, [await freePort(), await freePort(), await freePort()], setup);
  }

  /** Resolves when it is ready; it is started again, as a service manager does, until it is ended on purpose. */
  async start(): Promise<void> {
    const deadline = Date.now() + START_MILLISECONDS;
    for (;;) {
      const ready = Promise.withResolvers<"ready">();
      const program = this.#launch(() => ready.resolve("ready"));
      this.#program = program;
      const ended = program.failure().catch((error: unknown) => String(error));
      const how = await Promise.race([ready.promise, ended]);
      if (how === "ready") {
        void this.#startAgainAfter(program, ended);
        return;
      }
      if (Date.now() > deadline) throw new Error([how, ...this.#events.complaints.slice(-10)].join("\n  "));
      await pause(200);
    }
  }

  async #startAgainAfter(program: ChildProgram, ended: Promise<unknown>): Promise<void> {
    await ended;
    if (this.#program !== program) return;
    this.endedByItself += 1;
    await this.start();
  }

  /** SIGKILL to the whole edge, sent before this function returns. */
  async kill(): Promise<void> {
    const program = this.#program;
    this.#program = null;
    await program?.end("SIGKILL");
  }

  /** SIGTERM, and all the time that it takes. */
  async stop(): Promise<void> {
    const program = this.#program;
    this.#program = null;
    program?.signalGroup("SIGTERM");
    await until(() => program?.ended !== false, `${this.name} has ended`, STOP_MILLISECONDS);
  }

  /** Its runtime does nothing during `work`, and does not know it: as a virtual machine that is moved. */
  async whileStill<T>(work: () => Promise<T>): Promise<T> {
    const { runtime } = await holderOf(this.#state);
    signal(runtime, "SIGSTOP");
    try {
      return await work();
    } finally {
      signal(runtime, "SIGCONT");
    }
  }

  #launch(ready: () => void): ChildProgram {
    const logs: LogLine[] = [];
    this.#events.follow(logs);
    const hear = logs.push.bind(logs);
    logs.push = (...lines) => {
      if (lines.some(({ text }) => text.includes(READY))) ready();
      return hear(...lines);
    };
    return new ChildProgram(process.execPath, {
      args: [SERVE, ...this.#args],
      env: this.#env,
      logs,
      cwd: PROJECT,
    });
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended: its lease was lost, or its bucket silent.
  }
}

/** What the instances of a cluster have in common. */
export interface InstanceSetup {
  readonly cluster: string;
  readonly env: Readonly<Record<string, string>>;
  /** Each has a folder of its own in it. */
  readonly folder: string;
  readonly events: EdgeEvents;
}
