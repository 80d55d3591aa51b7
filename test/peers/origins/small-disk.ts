import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { atProcessEnd } from "../../support/process-end.ts";
import { programPath } from "../installed.ts";

const run = promisify(execFile);

/** A file system in memory that is soon full. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: string;
  readonly #callOff: () => void;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#callOff = atProcessEnd(() => execFileSync(programPath("umount"), [folder]));
  }

  /** @param size as `mount` takes it: 1m */
  static async mount(folder: string, size: string): Promise<SmallDisk> {
    try {
      await run(programPath("mount"), ["-t", "tmpfs", "-o", `size=${size},mode=777`, "tmpfs", folder]);
    } catch (error) {
      throw new Error("a full disk is made by mounting a small one, which only root may do", {
        cause: error,
      });
    }
    return new SmallDisk(folder);
  }

  async grow(size: string): Promise<void> {
    await run(programPath("mount"), ["-o", `remount,size=${size}`, this.#folder]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#callOff();
    await run(programPath("umount"), [this.#folder]);
  }
}
