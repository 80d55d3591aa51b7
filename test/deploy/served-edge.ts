import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PROJECT } from "../support/bundle.ts";
import { ChildProgram, type LogLine } from "../support/child-program.ts";

/** The program behind `npm run serve`. */
export const SERVE = join(PROJECT, "tools", "serve.ts");

const START_MILLISECONDS = 50_000;

/** `npm run serve` as a test starts it. */
export interface ServedEdge {
  readonly program: ChildProgram;
  readonly logs: readonly LogLine[];
  readonly ports: { readonly http: number; readonly tcp: number; readonly tls: number };
}

/**
 * Runs tools/serve.ts and resolves when it says that it is ready.
 *
 * @throws Error with its last lines where it ends before
 */
export async function startServedEdge(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ServedEdge> {
  const { program, logs } = runServe(args, env);
  const text = (): string => logs.map((line) => line.text).join("\n");
  try {
    await Promise.race([untilReady(text), program.failure()]);
  } catch (error) {
    await program.end("SIGKILL");
    throw error;
  }
  const port = (door: string): number => Number(new RegExp(`${door} door on port (\\d+)`).exec(text())?.[1]);
  return { program, logs, ports: { http: port("HTTP"), tcp: port("TCP"), tls: port("TLS") } };
}

/** Runs it without waiting: for what ends by itself. */
export function runServe(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): { program: ChildProgram; logs: LogLine[] } {
  const logs: LogLine[] = [];
  const program = new ChildProgram(process.execPath, { args: [SERVE, ...args], env, logs, cwd: PROJECT });
  return { program, logs };
}

async function untilReady(text: () => string): Promise<void> {
  const deadline = performance.now() + START_MILLISECONDS;
  while (!text().includes("bits-edge: ready")) {
    if (performance.now() > deadline) throw new Error(`not ready:\n${text()}`);
    await pause(20);
  }
}
