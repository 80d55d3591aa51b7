import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { PROJECT, QUIET } from "../support/bundle.ts";

/** A program that the tree has installed, such as `tsc`. */
export function ofTree(program: string): string {
  return join(PROJECT, "node_modules", ".bin", program);
}

/**
 * Runs a program in a folder.
 *
 * @returns what it wrote to stdout
 * @throws Error with all that it said, where it does not exit with 0
 */
export async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, env: { ...process.env, ...QUIET } });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(" ")}\n${stdout}${stderr}${String(error)}`, { cause: error });
  }
}
