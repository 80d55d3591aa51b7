import { randomBytes } from "node:crypto";

const PATIENCE_MILLISECONDS = 1_000;

/** A socket of the runtime on this machine, at which only this program is heard. */
export class Control {
  /** For the Worker, in its environment. */
  readonly key = randomBytes(32).toString("hex");
  /** Null until the runtime has said it. */
  port: number | null = null;

  /**
   * Tells the Worker that its runtime is about to be ended. Never rejects: a Worker that does not hear it ends without
   * having said so to its clients.
   */
  async sayEnding(): Promise<void> {
    if (this.port === null) return;
    const headers = { Authorization: `Bearer ${this.key}` };
    const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
    await fetch(`http://127.0.0.1:${this.port}/`, { method: "POST", headers, signal }).catch(() => undefined);
  }
}
