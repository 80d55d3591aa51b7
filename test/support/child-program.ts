import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { atProcessEnd } from "./process-end.ts";

/** A line of a program's output; `json` where the line is a JSON object. */
export interface LogLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
  readonly json: unknown;
}

/** How a program is started. */
export interface ProgramOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Where its output goes, line by line. */
  readonly logs: LogLine[];
  /** Opens file descriptor 3 for messages of the program to us. */
  readonly control?: boolean;
}

/** A program in a process group of its own, so that its children can be ended with it. */
export class ChildProgram {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #logs: LogLine[];

  constructor(command: string, options: ProgramOptions) {
    this.#logs = options.logs;
    this.#child = spawn(command, options.args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe", options.control === true ? "pipe" : "ignore"],
      detached: true,
    });
    const callOff = atProcessEnd(() => this.signalGroup("SIGKILL"));
    const exit = Promise.withResolvers<void>();
    this.#exited = exit.promise;
    this.#child.on("error", (error) => {
      options.logs.push({ stream: "stderr", text: String(error), json: undefined });
      exit.resolve();
    });
    this.#child.on("exit", () => {
      callOff();
      exit.resolve();
    });
    this.#capture("stdout", this.#child.stdout);
    this.#capture("stderr", this.#child.stderr);
  }

  /** Lines of file descriptor 3, if it was asked for. */
  get controlLines(): AsyncIterable<string> {
    const stream = this.#child.stdio[3] ?? undefined;
    if (stream === undefined || !("read" in stream)) throw new Error("the program has no control channel");
    return createInterface({ input: stream });
  }

  /** The program's own process; undefined where it never started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether the program has ended, or never started. */
  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
  }

  /** Rejects when the program ends, with the last lines it said; never resolves. */
  async failure(): Promise<never> {
    await this.#exited;
    const said = this.#logs.slice(-15).map((line) => line.text);
    throw new Error([`the program ended: ${this.#child.spawnfile}`, ...said].join("\n  "));
  }

  /** Signals the whole group, waits for the program's end, and makes sure of it after 5 s. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.ended) return this.signalGroup("SIGKILL");
    this.signalGroup(signal);
    const impatience = setTimeout(() => {
      this.signalGroup("SIGKILL");
    }, 5_000);
    await this.#exited;
    clearTimeout(impatience);
    // A leader that is gone may leave children behind.
    return this.signalGroup("SIGKILL");
  }

  /** Signals every process of the group; none left is no error. */
  signalGroup(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // The group is empty.
    }
  }

  /** Resident memory of the group's largest process of this name, from /proc; undefined where there is none. */
  async rssBytes(name: string): Promise<number | undefined> {
    const group = String(this.#child.pid);
    const sizes: number[] = [];
    for (const entry of await readdir("/proc").catch((): string[] => [])) {
      if (!/^\d+$/.test(entry)) continue;
      const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
      // "pid (name) state parent group …"
      const [, command, processGroup] = /^\d+ \((.*)\) \S \d+ (\d+) /.exec(stat) ?? [];
      if (command !== name || processGroup !== group) continue;
      const status = await readFile(`/proc/${entry}/status`, "utf8").catch(() => "");
      const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
      if (kibibytes !== undefined) sizes.push(Number(kibibytes) * 1024);
    }
    return sizes.length === 0 ? undefined : Math.max(...sizes);
  }

  #capture(stream: "stdout" | "stderr", readable: Readable | null): void {
    if (readable === null) return;
    createInterface({ input: readable }).on("line", (text) => {
      this.#logs.push({ stream, text, json: parsed(text) });
    });
  }
}

function parsed(line: string): unknown {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
