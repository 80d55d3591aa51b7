import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** A module in a process of its own that answers questions one at a time, by messages. */
export class Helper<Question, Reply> {
  readonly #child: ChildProcess;

  constructor(module: URL, args: readonly string[] = []) {
    this.#child = fork(module, args, {
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Rejects with what went wrong over there, or when the process ends without a reply. */
  async ask(question: Question): Promise<Reply> {
    const calledOff = new AbortController();
    const ended = once(this.#child, "exit", { signal: calledOff.signal }).then(() => {
      throw new Error(`the process ended: ${this.#child.spawnargs.join(" ")}`);
    });
    ended.catch(() => {});
    const reply = once(this.#child, "message");
    this.#child.send(question as object);
    try {
      const [message] = (await Promise.race([reply, ended])) as [{ result: Reply } | { error: string }];
      if ("error" in message) throw new Error(message.error);
      return message.result;
    } finally {
      calledOff.abort();
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }
}
