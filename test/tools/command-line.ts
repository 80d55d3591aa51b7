import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { PROJECT } from "../support/bundle.ts";
import { atProcessEnd } from "../support/process-end.ts";

/** The package's command. */
const BITS_EDGE = join(PROJECT, "tools", "bits-edge.ts");

/** How a run of the command ended. */
export interface CommandEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Lines of stdout that are JSON objects. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** A run of the command in a process of its own. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly end: Promise<CommandEnd>;
  /** Ends it as a power cut does. */
  kill(): void;
}

/** Starts `bits-edge` with these arguments; it has no terminal and no input. */
export function startCommand(
  args: readonly string[],
  { env = {}, cwd }: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): RunningCommand {
  const child = spawn(process.execPath, [BITS_EDGE, ...args], {
    cwd,
    env: { ...process.env, NODE_NO_WARNINGS: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const callOff = atProcessEnd(() => child.kill("SIGKILL"));
  const end = Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]).then(
    ([[code], stdout, stderr]): CommandEnd => {
      callOff();
      return { code: code as number | null, stdout, stderr, events: eventsOf(stdout) };
    },
  );
  return { child, end, kill: () => child.kill("SIGKILL") };
}

/** Runs it to its end. */
export async function runCommand(...args: Parameters<typeof startCommand>): Promise<CommandEnd> {
  return await startCommand(...args).end;
}

function eventsOf(stdout: string): Record<string, unknown>[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
