import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { programPath, searchPath } from "./installed.ts";

/**
 * What Prometheus' own tool says of files in a folder.
 *
 * @throws Error with what it says where something is wrong
 */
export async function promtool(cwd: string, ...args: string[]): Promise<string> {
  const options = { cwd, env: searchPath() };
  const { stdout, stderr } = await promisify(execFile)(programPath("promtool"), args, options).catch(
    (error: { stdout?: string; stderr?: string }) => {
      throw new Error(`promtool ${args.join(" ")}: ${error.stdout ?? ""}${error.stderr ?? ""}`);
    },
  );
  return stdout + stderr;
}

/** The same of a text that it reads. */
export async function promtoolReading(text: string, ...args: string[]): Promise<string> {
  const running = promisify(execFile)(programPath("promtool"), args, { env: searchPath() });
  running.child.stdin?.end(text);
  const { stdout, stderr } = await running;
  return stdout + stderr;
}
