import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PROJECT } from "../support/bundle.ts";
import { ChildProgram, type LogLine } from "../support/child-program.ts";

/** The program behind `npm run serve`. */
export const SERVE = join(PROJECT, "tools", "serve.ts");

/** Of the line that says so. */
export const READY = '"event":"ready"';

const START_MILLISECONDS = 50_000;

/** `npm run serve` as a test starts it. */
export interface ServedEdge {
  readonly program: ChildProgram;
  readonly logs: readonly LogLine[];
  readonly ports: { readonly http: number; readonly tcp: number; readonly tls: number };
}

/** How the program is started, where it matters. */
export interface ServeLimits {
  /** The hard limit of open files; default: this process's. */
  readonly descriptors?: number;
}

/**
 * Runs tools/serve.ts and resolves when it says that it is ready.
 *
 * @throws Error with its last lines where it ends before
 */
export async function startServedEdge(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  limits: ServeLimits = {},
): Promise<ServedEdge> {
  const { program, logs } = runServe(args, env, limits);
  try {
    await Promise.race([
      until(() => logs.some(({ text }) => text.includes(READY)), "the edge is ready"),
      program.failure(),
    ]);
  } catch (error) {
    await program.end("SIGKILL");
    throw error;
  }
  const port = (door: string): number =>
    Number(eventsOf(logs, "door").find((line) => line["door"] === door)?.["port"]);
  return { program, logs, ports: { http: port("HTTP"), tcp: port("TCP"), tls: port("TLS") } };
}

/** Runs it without waiting: for what ends by itself. */
export function runServe(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { descriptors }: ServeLimits = {},
): { program: ChildProgram; logs: LogLine[] } {
  const logs: LogLine[] = [];
  const [command, before] =
    descriptors === undefined
      ? [process.execPath, []]
      : ["/bin/sh", ["-c", `ulimit -n ${descriptors}; exec "$@"`, "sh", process.execPath]];
  const program = new ChildProgram(command, { args: [...before, SERVE, ...args], env, logs, cwd: PROJECT });
  return { program, logs };
}

/** The lines of one event so far. */
export function eventsOf(logs: readonly LogLine[], event: string): Record<string, unknown>[] {
  return logs
    .map(({ json }) => json as Record<string, unknown> | undefined)
    .filter((json) => json?.["event"] === event)
    .filter((json) => json !== undefined);
}

/** Polls until `condition` holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  milliseconds = START_MILLISECONDS,
): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not in ${milliseconds} ms: ${what}`);
    await pause(20);
  }
}

/** Process of the program, and of its runtime, as the lock of its state folder tells. */
export async function holderOf(state: string): Promise<{ pid: number; runtime: number; since: string }> {
  return JSON.parse(await readFile(join(state, "edge.lock.json"), "utf8")) as {
    pid: number;
    runtime: number;
    since: string;
  };
}
